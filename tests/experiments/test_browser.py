"""The published page in a browser."""

import functools
import http.server
import json
import re
import shutil
import subprocess
import threading
from pathlib import Path
from urllib.parse import unquote

import pytest

PROBE = """<!DOCTYPE html><iframe src="index.html" width="WIDTH" height="800"></iframe><script>
const frame = document.querySelector("iframe");
const happens = (target, event) => new Promise(resolve => target.addEventListener(event, resolve, {once: true}));
frame.onload = async () => {
  const page = frame.contentDocument, played = [];
  for (const image of page.images) { image.loading = "eager"; await image.decode().catch(() => 0); }
  for (const cell of page.querySelectorAll(".cell")) {
    const audio = cell.querySelector("audio"), seek = cell.querySelector(".seek");
    if (!audio || !seek) continue;
    const before = audio.readyState;
    seek.value = 2; seek.dispatchEvent(new Event("input"));
    await audio.play(); audio.pause();
    played.push([before, audio.readyState >= 2, audio.currentTime >= 1.9]);
  }
  const pictures = [...page.images].map(img => img.naturalWidth > 0);
  const focusable = [...page.querySelectorAll("audio, input, a, summary")].every(each => each.tabIndex >= 0);
  const requests = frame.contentWindow.performance.getEntriesByType("resource").map(entry => entry.name);
  const width = page.documentElement.scrollWidth;
  const background = frame.contentWindow.getComputedStyle(page.body).backgroundColor;
  fetch("/found", {method: "POST", body: JSON.stringify({played, pictures, focusable, requests, width, background})});
};
</script>"""


def in_chromium(folder: Path, profile: Path, width: int, scheme: str) -> dict:
    """What a browser that prefers light or dark finds on a page of some width, and what it complains of."""
    found, done = {}, threading.Event()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/probe.html":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(PROBE.replace("WIDTH", str(width)).encode())
            elif self.headers["Range"]:  # without parts of a file no browser seeks in it
                content = (folder / unquote(self.path.lstrip("/"))).read_bytes()
                start = int(re.search(r"\d+", self.headers["Range"]).group())
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                self.wfile.write(content[start:])
            else:
                super().do_GET()

        def do_POST(self):
            found.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            done.set()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/probe.html"
        command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
        command += ["--autoplay-policy=no-user-gesture-required", "--mute-audio", f"--user-data-dir={profile}"]
        command += [f"--blink-settings=preferredColorScheme={('dark', 'light').index(scheme)}", url]
        with (profile.parent / "chromium.txt").open("w") as log:
            browser = subprocess.Popen(command, stdout=log, stderr=log)
            came = done.wait(300)
            browser.terminate()
            browser.wait(30)
        server.shutdown()
    logged = (profile.parent / "chromium.txt").read_text(errors="replace")
    assert came, logged
    return {**found, "console": [line for line in logged.splitlines() if "CONSOLE" in line], "url": url}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme, background", [("light", "rgb(250, 250, 250)"), ("dark", "rgb(19, 19, 22)")])
def test_in_a_browser_pictures_are_there_sound_plays_from_where_it_is_sought_and_nothing_leaves(
    published, tmp_path, width, scheme, background
):
    found = in_chromium(published, tmp_path / "profile", width, scheme)
    assert found["pictures"] and all(found["pictures"]) and found["focusable"]
    assert found["played"] and all(each == [0, True, True] for each in found["played"]), (
        "nothing loads before it is asked"
    )
    assert found["width"] <= width and found["console"] == []
    assert found["background"] == background
    assert all(request.startswith(found["url"].removesuffix("probe.html")) for request in found["requests"])
