#!/usr/bin/env python3
"""Check what an archive of phone conversations proves, without that archive and its program.

    python verify_proof.py PROOF.json [--key VERIFIER_KEY] [DOCUMENT ...]

It needs Python 3.9 or later and the package `cryptography`, and is short so that you can read it
before you trust it. The archive keeps a ledger: a list of entries that is only ever added to. An
entry does not say what was stored, only the SHA-256 of a random salt and of it. A checkpoint is the
root of the hash tree over all entries, with a signature. For each entry in the proof this checks:

1. The content and the salt are what the entry commits to (`opened`).
2. The entry is in the tree of the checkpoint (`included`, `root_over`; RFC 6962, section 2.1.1).
3. The checkpoint is signed by the key (`signed_tree`; https://c2sp.org/signed-note, Ed25519).

And that the SHA-256 of each DOCUMENT is in one of the contents: these bytes are what was stored.
An entry without content is of something that was destroyed, or says all of it by itself.

What this does not show: that the archive was told the truth, and that its clock was right. The key
says who vouches. Get it, or a checkpoint to compare, by another way than the proof came.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def require(holds: bool, otherwise: str) -> None:
    """Give up unless this holds."""
    if not holds:
        raise ValueError(otherwise)


def decoded(text: str) -> bytes:
    """What base64 stands for, if it is written in the one right way."""
    require(base64.b64encode(base64.b64decode(text)).decode() == text, "this is no base64")
    return base64.b64decode(text)


def signed_tree(checkpoint: str, key: str) -> tuple[int, bytes]:
    """The number of entries and the root that a checkpoint states, if this key has signed it."""
    name, key_id, public = key.split("+", 2)
    typed = decoded(public)  # a byte for the algorithm, then the public key
    body, _, below = checkpoint.rpartition("\n\n")
    lines = [line.split(" ") for line in below.removesuffix("\n").split("\n")]
    found = [decoded(line[2]) for line in lines if line[:2] == ["\u2014", name]]
    ours = [signature[4:] for signature in found if signature[:4].hex() == key_id]
    origin, size, root = body.split("\n")[:3]
    signed = len(ours) == 1 and origin == name and typed[0] == 1
    require(signed, "the checkpoint is not signed by this key")
    Ed25519PublicKey.from_public_bytes(typed[1:]).verify(ours[0], f"{body}\n".encode())
    return int(size), decoded(root)


def root_over(hashed: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root of a tree with this leaf at this index, and these beside its way up to the root."""
    require(bool(path) == (size > 1), "the way to the root is too long or too short")
    if size == 1:
        return hashed
    split = 1 << (size - 1).bit_length() - 1  # so many leaves are on the left, a power of two
    if index < split:
        left, right = root_over(hashed, index, split, path[:-1]), path[-1]
    else:
        left, right = path[-1], root_over(hashed, index - split, size - split, path[:-1])
    return sha256(b"\x01" + left + right).digest()


def included(leaf: str, tlog_proof: str, key: str) -> str:
    """Where the entry is, if it is in a tree that is signed (https://c2sp.org/tlog-proof)."""
    above, _, checkpoint = tlog_proof.partition("\n\n")
    version, place, *path = above.split("\n")
    index, (size, root) = int(place[6:]), signed_tree(checkpoint, key)
    begins = (version, place) == ("c2sp.org/tlog-proof@v1", f"index {index}")
    require(begins and 0 <= index < size, "the tlog-proof does not begin as it should")
    hashed = sha256(b"\x00" + leaf.encode()).digest()
    computed = root_over(hashed, index, size, [decoded(line) for line in path])
    require(computed == root, "the entry is not in the tree of the checkpoint")
    return f"Entry {index} of {size}, root {root.hex()}: {json.dumps(json.loads(leaf))}"


def opened(leaf: str, salt: str, content: dict[str, Any]) -> list[str]:
    """The SHA-256 of all that a content names, if it is what the entry commits to."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    right = sha256(bytes.fromhex(salt) + written.encode()).hexdigest()
    same = (json.loads(leaf)["commitment"], salt) == (right, bytes.fromhex(salt).hex())
    require(same, "the entry commits to something else")
    return [*(each for _, each, _ in content.get("documents", ())), content.get("sha256", "")]


def main() -> None:
    """Check all of it, and print what it says. Exit with 0 if all of it holds, else with 1."""
    parser = argparse.ArgumentParser(description="Check a proof of an archive's ledger.")
    parser.add_argument("proof", help="the file NAME.proof.json")
    parser.add_argument("documents", nargs="*", help="files that are said to be what was stored")
    parser.add_argument("--key", help="the verifier key, from elsewhere than the proof")
    given = parser.parse_intermixed_args()
    proof = json.loads(Path(given.proof).read_bytes())
    key, named = given.key or proof["verifier_key"], set[str]()
    require(proof["schema"] == "convarchive.proof/1", "this is no proof, or of a later kind")
    require(proof["verifier_key"] == key, f"it was made for another key, {proof['verifier_key']}")
    require(len(proof["proofs"]) > 0, "it proves nothing")
    for one in proof["proofs"]:
        print(included(one["leaf"], one["tlog_proof"], key))
        if (one["salt"], one["content"]) != (None, None):
            named.update(opened(one["leaf"], one["salt"], one["content"]))
            print(f"  commits to {json.dumps(one['content'])}")
    for document in given.documents:
        digest = sha256(Path(document).read_bytes()).hexdigest()
        require(digest in named, f"{document} is not what was stored: its SHA-256 is {digest}")
        print(f"{document!a} is what was stored: SHA-256 {digest}")
    print(f"PROVED, if you trust the key{'' if given.key else ' that came with it'}: {key!a}")


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing is proved
        sys.exit(f"NOT PROVED: {error!a}")
