#!/usr/bin/env python3
"""Makes app.ipa, app.hap, app.hsp and cert.p12 beside this script.

They have the true layout of such files and nothing that runs: the provisioning profile and the
signatures are placeholders. All but cert.p12 (needs openssl) come out the same each time.
"""

import json
import plistlib
import struct
import subprocess
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def archive(path, entries):
    """Writes a ZIP archive with fixed times; a name that ends in a slash is a folder."""
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = (0o40755 << 16 | 16) if name.endswith("/") else 0o100644 << 16
            if len(data) > 256:
                info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, data)


def ipa():
    app = "Payload/Sample.app/"
    info = {
        "CFBundleDisplayName": "Sample",
        "CFBundleExecutable": "Sample",
        "CFBundleIdentifier": "com.example.sample",
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleName": "Sample",
        "CFBundlePackageType": "APPL",
        "CFBundleShortVersionString": "1.2.3",
        "CFBundleSupportedPlatforms": ["iPhoneOS"],
        "CFBundleVersion": "7",
        "LSRequiresIPhoneOS": True,
        "MinimumOSVersion": "13.0",
        "UIDeviceFamily": [1, 2],
    }
    # A Mach-O header for arm64 without load commands.
    program = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 2, 0, 0, 0x200085, 0)
    profile = {
        "AppIDName": "Sample",
        "Name": "Sample ad hoc",
        "ProvisionsAllDevices": False,
        "ProvisionedDevices": ["00000000-0000000000000000"],
        "TeamIdentifier": ["EXAMPLE000"],
    }
    resources = {"files": {}, "files2": {}, "rules": {"^.*": True}, "rules2": {"^.*": True}}
    archive(
        HERE / "app.ipa",
        [
            ("Payload/", b""),
            (app, b""),
            (app + "Info.plist", plistlib.dumps(info)),
            (app + "PkgInfo", b"APPL????"),
            (app + "Sample", program),
            (app + "embedded.mobileprovision", plistlib.dumps(profile)),
            (app + "_CodeSignature/", b""),
            (app + "_CodeSignature/CodeResources", plistlib.dumps(resources)),
        ],
    )


def harmony_entries(module, kind):
    app = {
        "bundleName": "com.example.sample",
        "vendor": "example",
        "versionCode": 1000000,
        "versionName": "1.0.0",
        "label": "$string:app_name",
        "icon": "$media:app_icon",
        "minAPIVersion": 50000012,
        "targetAPIVersion": 50000012,
        "apiReleaseType": "Release",
    }
    description = {
        "name": module,
        "type": kind,
        "deviceTypes": ["phone"],
        "deliveryWithInstall": True,
        "installationFree": False,
        "virtualMachine": "ark12.0.6.0",
        "compileMode": "esmodule",
    }
    packed = {
        "summary": {
            "app": {
                "bundleName": app["bundleName"],
                "version": {"code": app["versionCode"], "name": app["versionName"]},
            },
            "modules": [
                {
                    "mainAbility": "EntryAbility",
                    "deviceType": ["phone"],
                    "distro": {
                        "moduleType": kind,
                        "installationFree": False,
                        "deliveryWithInstall": True,
                        "moduleName": module,
                    },
                    "apiVersion": {"compatible": 12, "releaseType": "Release", "target": 12},
                }
            ],
        },
        "packages": [
            {
                "deviceType": ["phone"],
                "moduleType": kind,
                "deliveryWithInstall": True,
                "name": f"{module}-default",
            }
        ],
    }
    return [
        ("ets/modules.abc", b"PANDA\0\0\0" + bytes(120)),
        ("resources/base/profile/main_pages.json", b'{"src":["pages/Index"]}'),
        ("resources.index", b"Restool 5.0.0.001".ljust(128, b"\0") + bytes(32)),
        ("module.json", json.dumps({"app": app, "module": description}).encode()),
        ("pack.info", json.dumps(packed).encode()),
    ]


def signed_hap(path):
    """Puts a signing block before the central directory, as HarmonyOS's signing tool does."""
    content = path.read_bytes()
    end = len(content) - 22
    directory = struct.unpack_from("<I", content, end + 16)[0]
    signature = b"placeholder for a PKCS #7 signature".ljust(64, b"\0")
    # One sub-block: its type (signature scheme), length and offset, then its bytes.
    block = struct.pack("<3I", 0x20000000, len(signature), 12) + signature
    block += struct.pack("<IQ16sI", 1, len(block) + 32, b"<hap sign block>", 3)
    moved = struct.pack("<I", directory + len(block))
    path.write_bytes(
        content[:directory]
        + block
        + content[directory : end + 16]
        + moved
        + content[end + 20 :]
    )


def harmony():
    for name, module, kind in [("app.hap", "entry", "entry"), ("app.hsp", "library", "shared")]:
        archive(HERE / name, harmony_entries(module, kind))
        signed_hap(HERE / name)


def certificate():
    with tempfile.TemporaryDirectory() as folder:
        key, cert = f"{folder}/key.pem", f"{folder}/cert.pem"
        subject = ["-subj", "/CN=Sample", "-days", "10000", "-nodes"]
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        run = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True)
        run("req", "-x509", *curve, "-keyout", key, "-out", cert, *subject)
        out = ["-out", str(HERE / "cert.p12"), "-passout", "pass:secret"]
        run("pkcs12", "-export", "-inkey", key, "-in", cert, "-name", "sample", *out)


if __name__ == "__main__":
    ipa()
    harmony()
    certificate()
