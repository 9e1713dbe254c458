import Crypto
import CryptoExtras
import Subprocess
import SwiftASN1
import X509
