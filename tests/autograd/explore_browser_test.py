"""The tape explorer's page in a browser.

usage: explore_browser_test.py WEIGHT_DECAY DIGITS

Each program writes a page, which headless Chromium loads. It is driven by the DevTools protocol over a pipe, so the
test needs nothing but Python. Exit status 77 (skipped) if there is no Chromium, 1 where CI is set.
"""
import json
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAMS = {"weight_decay": sys.argv[1], "digits": sys.argv[2]}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 60  # seconds


class Browser:
    """A page of headless Chromium."""

    def __init__(self, profile):
        read_end, self.write_end = os.pipe()
        self.read_end, write_end = os.pipe()

        def connect():  # Chromium reads commands from descriptor 3 and writes answers to 4
            os.dup2(read_end, 100), os.dup2(write_end, 101)  # first out of the way
            os.dup2(100, 3), os.dup2(101, 4)

        self.process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--window-size=1400,900",
             f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_end)
        os.close(write_end)
        self.received, self.count, self.session, self.events = b"", 0, None, []
        pages = [target for target in self.call("Target.getTargets")["targetInfos"] if target["type"] == "page"]
        self.session = self.call("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def message(self):
        while b"\0" not in self.received:
            if not select.select([self.read_end], [], [], PATIENCE)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self.read_end, 1 << 16)
            if not data:
                raise EOFError("the browser has ended")
            self.received += data
        text, self.received = self.received.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.count += 1
        command = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.write_end, json.dumps(command).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") != self.count:
                self.events.append(message)
            elif "error" in message:
                raise RuntimeError(f"{method}: {message['error']}")
            else:
                return message["result"]

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, path, address=""):
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=f"file://{path}{address}")
        deadline = time.monotonic() + PATIENCE
        while not self.run("location.protocol === 'file:' && document.readyState === 'complete'"):
            if time.monotonic() > deadline:
                raise TimeoutError("the page does not load")
            time.sleep(0.02)

    def choose_file(self, selector, path):
        """Chooses a file of an <input>, as its dialog would."""
        document = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[path])

    def press(self, key):
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def problems(self):
        """Errors in the console, and requests other than for the page itself."""
        found = []
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method in ("Runtime.exceptionThrown", "Log.entryAdded"):
                found.append(parameters)
            elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
                found.append(parameters)
            elif method == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith(("file:", "about:")):
                found.append(parameters["request"]["url"])
        return found

    def close(self):
        try:
            self.call("Browser.close")
        except (EOFError, OSError):
            pass
        self.process.wait(PATIENCE)
        os.close(self.write_end)
        os.close(self.read_end)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name
        cls.pages = {}
        for name, program in PROGRAMS.items():
            cls.pages[name] = os.path.join(directory.name, name + ".html")
            subprocess.run([program, "--epochs", "1", "--quiet", "--explore", cls.pages[name]], check=True,
                           cwd=directory.name, stdout=subprocess.DEVNULL)
        cls.browser = Browser(os.path.join(directory.name, "profile"))
        cls.addClassCleanup(cls.browser.close)

    def open(self, name, address=""):
        self.browser.open(self.pages[name], address)
        self.addCleanup(lambda: self.assertEqual(self.browser.problems(), []))

    def run_script(self, script):
        return self.browser.run(script)

    def text(self, selector):
        return self.run_script(f"document.querySelector({json.dumps(selector)}).textContent")

    def test_every_step_can_be_shown(self):
        for name in PROGRAMS:
            with self.subTest(name):
                self.open(name)
                self.assertEqual(self.browser.problems(), [])
                titles = self.run_script("steps.map((_, step) => { go(step); return byId('step-title').textContent; })")
                self.assertEqual(titles[0], "Before the step")
                self.assertEqual(titles[-1], "The pass has succeeded")
                self.assertTrue(all(title.startswith(("Forward: ", "Backward: ")) for title in titles[1:-1]), titles)
                self.assertEqual(self.run_script("document.querySelectorAll('.node').length"), self.run_script("nodes.length"))
                self.assertEqual(self.run_script("nodes.filter(node => node.gradient).length"), self.run_script("visits.length"))

    def test_the_page_of_the_flagship_is_small(self):
        self.assertLess(os.path.getsize(self.pages["weight_decay"]), 1_000_000)

    def test_parts_add_up_to_the_gradient(self):
        self.open("digits")
        wrong = self.run_script(
            "nodes.map((node, i) => i).filter(i => arriving[i].length && i !== tape.root"
            " && !equalValues(addUp(arriving[i].map(part => part.edge.part)), nodes[i].gradient))")
        self.assertEqual(wrong, [])

    def test_nodes_of_a_layer_do_not_overlap(self):
        for name in PROGRAMS:
            self.open(name)
            closest = self.run_script(
                "Math.min(...layout.nodes.flatMap((a, i) => layout.nodes.filter((b, j) => j < i && b.y === a.y).map(b => Math.abs(a.x - b.x))))")
            self.assertGreaterEqual(closest, 150)

    def test_keys(self):
        self.open("weight_decay")
        last = self.run_script("steps.length - 1")
        for key, step in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", last), ("ArrowRight", last), ("Home", 0),
                          ("ArrowLeft", 0)]:
            self.browser.press(key)
            self.assertEqual(self.run_script("state.step"), step, key)
        self.browser.press(" ")
        self.assertEqual(self.text("#play"), "Pause")
        self.browser.press(" ")
        self.assertEqual(self.text("#play"), "Play")
        self.run_script("select(tape.root)")
        self.browser.press("ArrowUp")  # from the loss to what it is computed from
        self.assertEqual(self.run_script("nodes[tape.root].edges[0].to"), self.run_script("state.node"))
        self.browser.press("t")
        self.assertEqual(self.run_script("document.querySelectorAll('#table tr[data-node]').length"), self.run_script("nodes.length"))
        self.assertTrue(self.run_script("byId('graph').hidden"))

    def test_a_link_leads_to_a_step(self):
        self.open("weight_decay", "#step=6&node=1&mistake=saved")
        self.assertEqual(self.run_script("[state.step, state.node, state.mistake]"), [6, 1, "saved"])
        self.assertIn("has been modified in place since", self.text("#mistake"))
        self.assertEqual(self.run_script("go(7), new Promise(done => setTimeout(() => done(location.hash), 300))"),
                         "#step=7&node=3&mistake=saved")
        self.open("weight_decay", "#step=1000&node=x&mistake=constructor")  # a link from elsewhere
        self.assertEqual(self.run_script("[state.step === steps.length - 1, state.mistake]"), [True, "none"])

    def test_mistakes_give_wrong_gradients(self):
        # The parameters that each mistake changes.
        for program, mistake, names in [
                ("weight_decay", "zero", {"weight", "bias"}), ("weight_decay", "order", set()), ("weight_decay", "broadcast", {"bias"}),
                ("weight_decay", "saved", {"weight"}), ("weight_decay", "none", set())]:
            with self.subTest(mistake):
                self.open(program, f"#mistake={mistake}")
                found = self.run_script("nodes.filter((node, i) => node.leaf && wrongGradient(i)).map(node => node.name)")
                self.assertEqual(set(found), names)
                self.assertEqual(self.run_script("document.querySelectorAll('.node.leaf.wrong').length"), len(names))
        leaves = self.run_script("nodes.filter(node => node.leaf).length")
        for mistake, least in [("zero", leaves - 2), ("saved", 1), ("broadcast", 1)]:  # some gradients are 0, twice which is 0
            self.open("digits", f"#mistake={mistake}")
            self.assertGreaterEqual(self.run_script("nodes.filter((node, i) => node.leaf && wrongGradient(i)).length"), least, mistake)

    def test_the_optimizer(self):
        self.open("weight_decay", "#step=99")
        panel = self.text("#optimizer")
        for word in ("weight", "bias", "gradient", "decay"):
            self.assertIn(word, panel)
        self.assertTrue(self.run_script("byId('optimizer').firstChild.open"))

    def test_the_steps_of_the_optimizer(self):
        self.open("weight_decay", "#training=2")
        self.run_script("byId('optimizer').firstChild.open = true")
        self.assertEqual(self.run_script("trainingSteps.length"), 4)  # of one epoch
        self.assertIn("first 4 steps", self.text("#optimizer summary"))
        for step in (2, 3, 0):
            if step != 2:  # which the link has chosen
                self.run_script(f"byId('training').value = {step}, byId('training').dispatchEvent(new Event('input'))")
            self.assertIn(f"step {step + 1} of 4, loss", self.text("#updates"))
            norm = self.run_script(f"short(trainingSteps[{step}].updates[0].gradient)")
            self.assertIn(f"gradient {norm}", self.text("#updates"))
        self.assertEqual(self.run_script("document.querySelectorAll('#updates .curve').length"), 2)  # weight and bias
        self.open("digits")
        self.assertEqual(self.run_script("document.querySelectorAll('#training, #updates .curve').length"), 0)
        self.assertIn("next step", self.text("#optimizer summary"))

    def compare(self, text, suffix=".html"):
        """Compares the open page with a file of this text and returns what the page says."""
        path = os.path.join(self.directory, "other" + suffix)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.run_script("byId('comparison').replaceChildren()")
        self.browser.choose_file("#other", path)
        deadline = time.monotonic() + PATIENCE
        while not self.text("#comparison"):
            if time.monotonic() > deadline:
                raise TimeoutError("no comparison")
            time.sleep(0.02)
        return self.text("#comparison")

    def recording(self, name):
        with open(self.pages[name], encoding="utf-8") as file:
            page = file.read()
        begin, rest = page.split('<script type="application/json" id="recording">')
        text, end = rest.split("</script>", 1)
        return json.loads(text), lambda changed: begin + '<script type="application/json" id="recording">' + \
            json.dumps(changed).replace("<", "\\u003c") + "</script>" + end

    FOUND = ("[...differences.values()].map(({ node, step, what, elements }) => [node, step, what, "
             "elements.map(({ i, x, y }) => [i, ulps(x, y, nodes[node].dtype)])])")

    def test_a_page_compared_with_itself(self):
        for name in PROGRAMS:
            self.open(name)
            with open(self.pages[name], encoding="utf-8") as file:
                page = file.read()
            self.assertIn("tensors are equal, bit by bit", self.compare(page))
            self.assertEqual(self.run_script(self.FOUND), [])
            self.assertEqual(self.run_script("document.querySelectorAll('.differs:not(#differs)').length"), 0)
        recording, _ = self.recording("digits")  # the recording alone is as good
        self.assertIn("tensors are equal, bit by bit", self.compare(json.dumps(recording), ".json"))

    def test_one_bit_is_found(self):
        self.open("digits")
        recording, page = self.recording("digits")
        ran = [visit["node"] for visit in recording["visits"]]
        leaf = next(i for i in ran if recording["nodes"][i]["leaf"] and len(recording["nodes"][i]["shape"]) == 2)
        gradient = recording["nodes"][leaf]["gradient"]
        at = next(i for i, x in enumerate(gradient["values"]) if x != 0 and i > 7)
        bits = struct.unpack("<i", struct.pack("<f", gradient["values"][at]))[0] ^ 1
        gradient["values"][at] = struct.unpack("<f", struct.pack("<i", bits))[0]
        gradient["hash"] = "0" * 16
        text = self.compare(page(recording))
        self.assertIn("1 of ", text)
        step = self.run_script(f"backwardStep.get({leaf})")
        self.assertEqual(self.run_script(self.FOUND), [[leaf, step, "gradient", [[at, "1"]]]])
        self.assertEqual(self.run_script("[state.step, state.node, state.element]"), [step, leaf, at])
        self.assertEqual(self.run_script("document.querySelectorAll('.node.differs').length"), 1)
        self.assertEqual(self.run_script("[...document.querySelectorAll('#node .matrix i.differs')].map(cell =>"
                                         " [...cell.parentNode.children].indexOf(cell))"), [at])
        numbers = self.run_script("[...document.querySelectorAll('#node .differing td')].map(cell => cell.textContent)")
        self.assertEqual(numbers[0], f"[{self.run_script(f'indexText(nodes[{leaf}].gradient, {at})')}]")
        self.assertNotEqual(numbers[1], numbers[2])  # all digits that tell them apart
        self.assertEqual(numbers[3], "1")

    def test_a_difference_outside_of_what_is_shown_is_found(self):
        self.open("digits")
        recording, page = self.recording("digits")
        leaf = next(i for i, node in enumerate(recording["nodes"]) if node["leaf"] and len(node["shape"]) == 2)
        recording["nodes"][leaf]["value"]["hash"] = "0" * 16
        self.assertIn("1 of ", self.compare(page(recording)))
        self.assertEqual(self.run_script(self.FOUND), [[leaf, 0, "value", []]])
        self.assertIn("not in the elements that both show", self.text("#node"))

    def test_differences_are_in_the_order_of_the_pass(self):
        self.open("weight_decay")
        recording, page = self.recording("weight_decay")
        loss, weight = recording["root"], next(i for i, node in enumerate(recording["nodes"]) if node["name"] == "weight")
        for i, key in [(weight, "gradient"), (loss, "value"), (weight, "value")]:
            recording["nodes"][i][key]["hash"] = "0" * 16
        constant = next(saved for node in recording["nodes"] for edge in node["edges"] for saved in edge["saved"]
                        if saved["value"] and saved["name"] == "x")
        constant["value"]["hash"] = "0" * 16
        self.compare(page(recording))
        found = self.run_script(self.FOUND)
        self.assertEqual([what for _, _, what, _ in found], ["value", "the saved x", "value", "gradient"])
        self.assertEqual([node for node, _, what, _ in found if what != "the saved x"], [weight, loss, weight])
        steps = [step for _, step, _, _ in found]
        self.assertEqual(steps, sorted(steps))

    def test_another_graph_is_compared_by_names(self):
        self.open("weight_decay")
        recording, page = self.recording("weight_decay")
        nodes = {node["name"]: node for node in recording["nodes"] if node["name"]}
        other = {"root": 1, "nodes": [
            {"op": "AccumulateGrad", "name": "weight", "edges": [], "value": nodes["weight"]["value"],
             "gradient": dict(nodes["weight"]["gradient"], hash="0" * 16)},
            {"op": "<b>", "name": "", "edges": [{"to": 0}], "value": recording["nodes"][recording["root"]]["value"]}]}
        text = self.compare(json.dumps(other), ".json")
        self.assertIn("The graphs differ", text)
        self.assertIn("1 of 3 tensors differ", text)
        self.assertEqual([what for _, _, what, _ in self.run_script(self.FOUND)], ["gradient"])
        other["nodes"][0]["value"] = dict(nodes["weight"]["value"], shape=[2, 100])
        self.assertIn("2 of 3 tensors differ", self.compare(json.dumps(other), ".json"))
        self.assertIn("The other recording has [2, 100] float32", self.text("#node"))

    def test_a_file_without_a_recording_is_refused(self):
        self.open("weight_decay")
        broken, _ = self.recording("weight_decay")
        broken["nodes"][broken["root"]]["value"]["hash"] = "0" * 16
        broken["nodes"][broken["root"]]["gradient"] = {"values": []}
        for text in ("", "<p>Hello</p>", "{}", "{", '{"nodes": [{}]}', json.dumps(broken)):
            with self.subTest(text):
                self.assertIn("has no recording that can be compared", self.compare(text))
                self.assertEqual(self.run_script("differences.size"), 0)

    def test_elements_are_compared_where_both_show_them(self):
        self.open("weight_decay")
        for here, there, elements in [
                ("{ values: [0, NaN, 1], columns: 3 }", "{ values: [-0, NaN, 1], rows: 1, columns: 3 }", [0]),
                ("{ values: [1, 2, 3, 4], columns: 2 }", "{ values: [1, 7, 8], rows: 1, columns: 3 }", [1]),
                ("{ values: [1, 2, 3, 4], columns: 2 }", "{ values: [1, 9], rows: 2, columns: 1 }", [2])]:
            self.assertEqual(self.run_script(f"differingElements({here}, {there}).map(({{ i }}) => i)"), elements)

    def test_distances_between_numbers(self):
        self.open("weight_decay")
        for a, b, dtype, distance in [
                ("1", "Math.fround(1 + 2 ** -23)", "float32", "1"), ("1", "1 - 2 ** -24", "float32", "1"),
                ("0", "-0", "float32", "1"), ("2 ** -149", "-(2 ** -149)", "float32", "3"), ("-1", "-1 - 2 ** -52", "float64", "1"),
                ("0", "5e-324", "float64", "1"), ("NaN", "1", "float64", "–"), ("1", "2", "int64", "–"),
                ("Infinity", "3.4028234663852886e38", "float32", "1")]:
            self.assertEqual(self.run_script(f"ulps({a}, {b}, '{dtype}')"), distance, (a, b))
        self.assertEqual(self.run_script("[exact(-0, 'float32'), exact(Math.fround(0.1), 'float32'), exact(0.1, 'float64')]"),
                         ["-0", "0.1", "0.1"])

    def test_the_source_of_each_operation(self):
        for name, op, part in [("weight_decay", "mse_loss", "[count](const Tensor& g, const Tensor& x"),
                               ("digits", "cross_entropy", "static_cast<const std::int64_t*>(at.raw())")]:
            self.open(name)
            missing = "nodes.filter(node => !node.leaf && !tape.pullbacks.find(({ of }) => of === node.op)?.text).length"
            self.assertEqual(self.run_script(missing), 0)
            self.run_script(f"select(nodes.findIndex(node => node.op === '{op}'))")
            self.assertIn(part, self.text("#node pre"))
            self.assertEqual(self.run_script("document.querySelectorAll('#node pre div *').length"), 0)  # text, not elements
            self.run_script("select(nodes.findIndex(node => node.leaf))")
            self.assertEqual(self.run_script("document.querySelectorAll('#node pre').length"), 0)

    def test_the_time_of_each_operation(self):
        self.open("digits")
        self.assertEqual(self.run_script("nodes.filter((node, i) => !node.leaf && backwardStep.has(i) && !(node.seconds > 0)).length"), 0)
        self.run_script("select(nodes.findIndex(node => !node.leaf))")
        self.assertRegex(self.text("#node"), r"took [\d.]+\s[mµ]s\.")

    def test_the_kernels_of_each_operation(self):
        self.open("digits")
        self.run_script("select(nodes.findIndex(node => node.op === 'linear'))")
        self.assertRegex(self.text("#node"), r"matmul \[\d+, \d+\] @ \[\d+, \d+\]\s*1")
        self.run_script("select(nodes.findIndex(node => node.leaf))")
        self.assertNotIn("Kernels", self.text("#node"))

    def test_themes(self):
        colour = "getComputedStyle(document.body).backgroundColor"
        seen = {}
        for theme in ("light", "dark"):
            self.browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
            self.open("weight_decay")
            seen[theme] = self.run_script(colour)
        self.assertNotEqual(seen["light"], seen["dark"])
        self.run_script("byId('theme').click()")
        self.assertEqual(self.run_script(colour), seen["light"])
        self.browser.press("d")
        self.assertEqual(self.run_script(colour), seen["dark"])
        self.browser.call("Emulation.setEmulatedMedia", features=[])


if __name__ == "__main__":
    if not CHROMIUM:
        print("skipped: there is no Chromium")
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
