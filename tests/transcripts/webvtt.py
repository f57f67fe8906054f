"""The W3C's own parser of WebVTT (npm ``webvtt-parser``), where it is installed.

It is looked for in the directory that ``WEBVTT_PARSER`` names, else in ``node_modules`` of the
repository: ``npm install --no-save --no-package-lock webvtt-parser``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NODE = shutil.which("node")
PARSER = Path(
    os.environ.get("WEBVTT_PARSER") or Path(__file__).parents[2] / "node_modules" / "webvtt-parser"
)
checker = pytest.mark.skipif(
    NODE is None or not (PARSER / "parser.js").is_file(),
    reason="needs node and npm's webvtt-parser",
)

SCRIPT = """
const { WebVTTParser } = require(process.argv[1]);
const entities = require(process.argv[1] + "/html-entities.json");
const words = node => node.type === "text" ? node.value : node.children.map(words).join("");
const documents = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(documents.map(document => {
  const result = new WebVTTParser(entities).parse(document, "subtitles");
  return {
    errors: result.errors,
    cues: result.cues.map(cue => ({
      start: cue.startTime, end: cue.endTime,
      voice: cue.tree.children[0].value, words: words(cue.tree),
    })),
  };
})));
"""


def parsed(*documents: str) -> list[dict[str, Any]]:
    """What the W3C's parser makes of each document: its errors and its cues."""
    assert NODE
    done = subprocess.run(
        [NODE, "-e", SCRIPT, str(PARSER.resolve())],
        input=json.dumps(documents),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]
