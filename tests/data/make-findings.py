#!/usr/bin/env python3
"""Makes findings/ios-*.ipa and findings/harmony-* beside this script: small packages, each with the
one finding that its name says.

The property lists and the profiles are real (openssl signs the profiles, with a key that is thrown
away: each run makes other signatures); the programs are heads of Mach-O files, and nothing runs.
"""

import io
import json
import plistlib
import struct
import subprocess
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

FINDINGS = Path(__file__).resolve().parent / "findings"
PAST, FUTURE = datetime(2020, 1, 1), datetime(2099, 12, 31)
ARM64, ARMV7 = (0x0100000C, 0), (12, 9)


class Signer:
    """Signs profiles as Apple and Huawei do: a CMS message with the content in it."""

    def __init__(self, folder):
        self.key, self.cert = f"{folder}/key.pem", f"{folder}/cert.pem"
        subject = ["-subj", "/CN=Sample", "-days", "10000", "-nodes"]
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        self.run("req", "-x509", *curve, "-keyout", self.key, "-out", self.cert, *subject)

    def run(self, *words, content=b""):
        command = ["openssl", *words]
        return subprocess.run(command, input=content, check=True, capture_output=True).stdout

    def sign(self, content, *more):
        files = ["-signer", self.cert, "-inkey", self.key]
        options = ["-sign", "-nodetach", "-binary", "-nosmimecap", "-outform", "DER", *more]
        return self.run("cms", *options, *files, content=content)

    def sign_in_pieces(self, content):
        """With lengths that are not known in advance, as Java's libraries write them."""
        return self.sign(content, "-stream")


def archive(entries):
    """A ZIP archive with fixed times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, data)
    return buffer.getvalue()


def program(processor, *commands):
    """The head of a program: a header and its load commands."""
    magic, reserved = (0xFEEDFACF, b"\0\0\0\0") if processor[0] >> 24 else (0xFEEDFACE, b"")
    sizes = len(commands), sum(map(len, commands))
    return struct.pack("<7I", magic, *processor, 2, *sizes, 0x200085) + reserved + b"".join(commands)


def command(kind, *fields):
    return struct.pack(f"<{len(fields) + 2}I", kind, 8 + 4 * len(fields), *fields)


def for_platform(number):
    return command(0x32, number, 0x000F0000, 0x00120000, 0)


SIGNATURE = command(0x1D, 0, 0)
ENCRYPTED = command(0x2C, 0x4000, 0x1000, 1, 0)


def without(members, *keys):
    return {key: value for key, value in members.items() if key not in keys}


def ipas(sign):
    info = {
        "CFBundleExecutable": "Sample",
        "CFBundleIdentifier": "com.example.sample",
        "CFBundleShortVersionString": "1.2.3",
        "CFBundleSupportedPlatforms": ["iPhoneOS"],
        "CFBundleVersion": "7",
        "DTPlatformVersion": "18.0",
        "MinimumOSVersion": "15.0",
        "UIDeviceFamily": [1, 2],
    }
    entitlements = {
        "application-identifier": "EXAMPLE000.com.example.sample",
        "get-task-allow": False,
    }
    profile = {
        "CreationDate": PAST,
        "Entitlements": entitlements,
        "ExpirationDate": FUTURE,
        "Name": "Sample Ad Hoc",
        "ProvisionedDevices": ["00000000-0000000000000000"],
        "TeamIdentifier": ["EXAMPLE000"],
    }
    runs = program(ARM64, for_platform(2), SIGNATURE)

    def make(name, info=info, profile=profile, runs=runs, signed=True, form=plistlib.FMT_BINARY, **more):
        app = "Payload/Sample.app/"
        entries = {app + "Info.plist": plistlib.dumps(info, fmt=form), app + "Sample": runs}
        if signed:
            entries[app + "_CodeSignature/CodeResources"] = plistlib.dumps({"files": {}})
        if profile is not None:
            entries[app + "embedded.mobileprovision"] = sign(plistlib.dumps(profile))
        for file, data in more.items():
            entries[app + file] = data
        (FINDINGS / f"{name}.ipa").write_bytes(archive(entries))

    make("none-ios")
    make("none-ios-enterprise", form=plistlib.FMT_XML,
         profile=without(profile, "ProvisionedDevices") | {"ProvisionsAllDevices": True})
    make("ios-simulator", info | {"CFBundleSupportedPlatforms": ["iPhoneSimulator"]},
         None, program(ARM64, for_platform(7)), False)
    make("ios-other-platform", info | {"CFBundleSupportedPlatforms": ["AppleTVOS"]})
    make("ios-encrypted", info, None, program(ARM64, for_platform(2), SIGNATURE, ENCRYPTED))
    make("ios-32-bit-only", runs=program(ARMV7, command(0x25, 0x00080000, 0x000A0000), SIGNATURE))
    make("ios-not-signed", runs=program(ARM64, for_platform(2)), signed=False)
    make("ios-no-profile", profile=None)
    make("ios-app-store", profile=without(profile, "ProvisionedDevices"))
    make("ios-no-devices", profile=profile | {"ProvisionedDevices": []})
    make("ios-profile-expired", profile=profile | {"ExpirationDate": datetime(2021, 1, 1)})
    make("ios-development",
         profile=profile | {"Entitlements": entitlements | {"get-task-allow": True}})
    other = entitlements | {"application-identifier": "EXAMPLE000.com.example.other"}
    make("ios-profile-other-app", profile=profile | {"Entitlements": other})
    make("ios-no-identifier", without(info, "CFBundleIdentifier"))
    make("ios-no-executable", info | {"CFBundleExecutable": "Other"})
    make("ios-extension-id",
         **{"PlugIns/Share.appex/Info.plist": plistlib.dumps({"CFBundleIdentifier": "com.share"})})
    make("ios-ipad-only", info | {"UIDeviceFamily": [2]})


def signed_hap(content, parts):
    """Puts a signing block before the central directory, as HarmonyOS's signing tool does."""
    end = len(content) - 22
    directory = struct.unpack_from("<I", content, end + 16)[0]
    heads, bodies = b"", b""
    for kind, body in parts:
        heads += struct.pack("<3I", kind, len(body), 12 * len(parts) + len(bodies))
        bodies += body
    block = heads + bodies
    block += struct.pack("<IQ16sI", len(parts), len(block) + 32, b"<hap sign block>", 3)
    moved = struct.pack("<I", directory + len(block))
    return content[:directory] + block + content[directory : end + 16] + moved + content[end + 20 :]


def haps(sign):
    app = {
        "bundleName": "com.example.sample",
        "minAPIVersion": 50000012,
        "targetAPIVersion": 60000020,
        "versionCode": 1000000,
        "versionName": "1.0.0",
    }
    module = {"name": "entry", "type": "entry", "deviceTypes": ["phone"]}
    profile = {
        "version-name": "2.0.0",
        "type": "release",
        "app-distribution-type": "internaltesting",
        "bundle-info": {"bundle-name": "com.example.sample", "apl": "normal"},
        "debug-info": {"device-ids": ["0" * 64], "device-id-type": "udid"},
        "validity": {"not-before": 1577836800, "not-after": 4102358400},
    }

    def make(name, app=app, module=module, profile=profile, extension="hap"):
        entries = {
            "ets/modules.abc": b"PANDA\0\0\0" + bytes(120),
            "module.json": json.dumps({"app": app, "module": module}),
            "pack.info": json.dumps({"summary": {"app": {}, "modules": []}, "packages": []}),
            "resources.index": b"Restool 5.0.0.001".ljust(160, b"\0"),
        }
        content = archive(entries)
        if profile is not None:
            signature = b"placeholder for a PKCS #7 signature".ljust(64, b"\0")
            profile = sign(json.dumps(profile).encode())
            content = signed_hap(content, [(0x20000002, profile), (0x20000000, signature)])
        (FINDINGS / f"{name}.{extension}").write_bytes(content)

    make("none-harmony")
    make("harmony-not-signed", profile=None)
    make("harmony-debug-profile", profile=without(profile, "app-distribution-type") | {"type": "debug"})
    make("harmony-wrong-profile", profile=profile | {"app-distribution-type": "app_gallery"})
    make("harmony-no-devices", profile=without(profile, "debug-info"))
    other = {"bundle-name": "com.example.other", "apl": "normal"}
    make("harmony-profile-other-app", profile=profile | {"bundle-info": other})
    past = {"not-before": 1577836800, "not-after": 1609459200}
    make("harmony-profile-expired", profile=profile | {"validity": past})
    make("harmony-shared-module", module=module | {"type": "shared"})
    make("harmony-not-for-phones", module=module | {"deviceTypes": ["tablet", "2in1"]})
    make("harmony-hsp-missing", module=module | {"dependencies": [{"moduleName": "library"}]})
    library = {"name": "library", "type": "shared", "deviceTypes": ["phone"]}
    make("library", module=library, extension="hsp")
    make("library-of-another-version", app | {"versionCode": 1000001}, library, extension="hsp")


if __name__ == "__main__":
    FINDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        signer = Signer(folder)
        ipas(signer.sign)
        haps(signer.sign_in_pieces)
