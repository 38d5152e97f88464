"""A copy of the shipped settings without their tests, to try `new rule` and `new test` on."""
import json
import os
import shutil
import subprocess


class Site:
    def __init__(self, folder, cuibanctl, conf, plugins, environment=None):
        self.cuibanctl = cuibanctl
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})}
        self.folder = os.path.join(folder, "conf")
        shutil.copytree(conf, self.folder, ignore=shutil.ignore_patterns("tests.d"))
        os.mkdir(self.path("tests.d"))
        with open(self.path("cuiban.cfg"), "a", encoding="utf-8") as file:
            file.write(f'plugins = "{plugins}";\n')

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def get(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as file:
            return file.read()

    def run(self, *words, status=0):
        done = subprocess.run([self.cuibanctl, "-c", self.path("cuiban.cfg"), *words], capture_output=True, text=True,
                              check=False, env=self.environment)
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def ask(self, *words):
        return json.loads(subprocess.run([self.cuibanctl, "-c", self.path("cuiban.cfg"), "--json", *words],
                                         capture_output=True, text=True, check=True, env=self.environment).stdout)

    def rules(self):
        return sorted({use["rule"] for entry in self.ask("event", "list") for use in entry["rules"]})

    def begin_tests(self, rules):
        """Writes the tests that are begun for each rule; returns what each file says."""
        for rule in rules:
            self.run("new", "test", rule, "--to", self.path("tests.d", f"{rule}.cfg"))
        return {rule: self.get("tests.d", f"{rule}.cfg") for rule in rules}
