"""Certificates for a server on this machine: one that is good, and those that must not be believed."""

import ssl
import subprocess
import time

NAMES = "IP:127.0.0.1,IP:::1,DNS:localhost,DNS:api.edgecert.test"


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, check=True)


class Authority:
    """A root made here, and servers' contexts by name: `good`, `expired`, `foreign`, `wrong-name`, `self-signed`."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.root = self._root("root")
        self._root("foreign-root")
        self.contexts = {
            "good": self._server("good", "root", NAMES, 30),
            "expired": self._server("expired", "root", NAMES, -2),
            "foreign": self._server("foreign", "foreign-root", NAMES, 30),
            "wrong-name": self._server("wrong-name", "root", "DNS:api.elsewhere.test,IP:127.0.0.9", 30),
            "self-signed": self._context("foreign-root"),
        }

    def _root(self, name):
        path = self.folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30, "-subj",
                f"/CN={name}", "-addext", f"subjectAltName={NAMES}", "-keyout", self.folder / f"{name}.key", "-out",
                path)
        return path

    def _server(self, name, root, names, days):
        """Good from three days ago until so many days from now."""
        folder = self.folder
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")
        # 'openssl x509' knows no end in the past; 'openssl ca' wants a configuration, and a place to keep books.
        (folder / "index").write_text("")
        (folder / "ca.conf").write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={folder}/index\nnew_certs_dir={folder}\nrand_serial=yes\n"
            "default_md=sha256\npolicy=any\nx509_extensions=more\n[any]\ncommonName=supplied\n"
            f"[more]\nsubjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        now = time.time()
        begin, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + age * 86_400)) for age in (-3, days))
        openssl("ca", "-batch", "-notext", "-config", folder / "ca.conf", "-in", folder / f"{name}.csr", "-cert",
                folder / f"{root}.pem", "-keyfile", folder / f"{root}.key", "-startdate", begin, "-enddate", end, "-out",
                folder / f"{name}.pem")
        return self._context(name)

    def _context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context
