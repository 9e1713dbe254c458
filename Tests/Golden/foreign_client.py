"""Asks a control socket with the Python package 'varlink': a client that nobody here wrote.

Prints one JSON object: what was found. The package reads the interface's description by itself, and holds every call
and every reply against it.
"""
import json
import sys

import varlink

found = {}
client = varlink.Client.new_with_address("unix:" + sys.argv[1])
found["interfaces"] = sorted(client.get_interfaces())
with client.open("io.edgecert.Control", namespaced=False) as control:
    found["status"] = control.Status()["headline"]
    found["rows"] = len(control.List(all=True)["rows"])
    found["pages"] = sum(len(page["rows"]) for page in control.List(_more=True))
    found["show"] = control.Show(subject="meters")["row"]["state"]
    found["why"] = control.Why(subject="shop")["lift"]["command"]
    found["history"] = [row["event"] for row in control.History(limit=10)["rows"]]
    found["orders"] = len(control.Orders()["rows"])
    found["records"] = len(control.Records()["packs"])
    found["audit"] = control.Audit()["rows"][0]["verb"]
    found["watch"] = [line["kind"] for line in control.Watch(_more=True)]
    for name, call in {
        "unfit": lambda: control.Show(subject="nobody"),
        "unsafe": lambda: control.Release(subject="main"),
    }.items():
        try:
            call()
        except varlink.VarlinkError as error:
            found[name] = error.as_dict()
print(json.dumps(found, sort_keys=True))
