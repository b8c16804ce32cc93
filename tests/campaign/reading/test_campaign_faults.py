"""Every fault of a campaign file: its line, its place, and what to do."""

import re
from pathlib import Path

import pytest

from evonas.campaign.reading.document import read
from evonas.campaign.reading.fault import CampaignError

BASE = "name: tiny\nspace: cell201\nbudget: 4\n"  # three lines: what a test adds begins in line 4

OWN = """
from evonas.datasets.dataset import Dataset
from evonas.core.objective import Objective
from spaces.space import Space

class Grey(Dataset):
    input_shape, classes = (1, 8, 8), 3
    def __init__(self, path: str, mode: "Unimportable" = None, size: tuple[int, int] = (8, 8), rate: float = 0.5):
        if rate > 1:
            raise ValueError(f"rate must be at most 1; got {rate}")
    def load(self): ...

class Halves(Space):
    pass

class Depth(Objective):
    name, needs, goal, unit = "depth", "architecture", "min", ""
    def __init__(self, scale: int):
        if scale == 0:
            raise RuntimeError("scale must not be 0")
    def measure(self, subject): return 1.0

def size(cost): return cost.macs
def odd(one, two): return 1.0
three = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_parts_for_faults.py").write_text(OWN)
    return tmp_path


def fault(folder: Path, text: str | bytes) -> str:
    content = text if isinstance(text, bytes) else text.replace("own.", "own_parts_for_faults.").encode()
    (folder / "campaign.yaml").write_bytes(content)
    with pytest.raises(CampaignError, match=r"campaign\.yaml") as caught:
        read("campaign.yaml")
    return str(caught.value).replace("own_parts_for_faults.", "own.").replace("own_parts_for_faults", "own")


SHAPES = [
    ("", "campaign.yaml:1: the file is empty; 'evonas new FILE'"),
    ("# only a comment\n", "campaign.yaml:1: the file is empty"),
    ("\n- name\n- space\n", "campaign.yaml:2: expected a mapping, 'key: value' on each line. Got a list"),
    ("just words\n", "campaign.yaml:1: expected a mapping, 'key: value' on each line. Got the value 'just words'"),
    ("name: x\nspace:\n\tname: cell201\n", "campaign.yaml:3: the file is no YAML, column 1: found character '\\t'"),
    ("name: x\nspace:\n\tname: cell201\n", "indent with spaces, YAML forbids tabs"),
    ("name: [x,\nspace: 3", "campaign.yaml:2: the file is no YAML, column 9: expected ',' or ']'"),
    ("name: a: b\n", "campaign.yaml:1: the file is no YAML, column 8: mapping values are not allowed here; put a valu"),
    ("name: 'x\n", "campaign.yaml:2: the file is no YAML, column 1: found unexpected end of stream"),
    ("name: *other\n", "campaign.yaml:1: the file is no YAML, column 7: found undefined alias 'other'"),
    ("name: x\n---\nname: y\n", "campaign.yaml:2: the file is no YAML, column 1: but found another document"),
    ("name: a\x00b\n", "campaign.yaml:1: the file is no YAML: unacceptable character #x0000"),
    (b"name: x\n# caf\xe9\n", "campaign.yaml:2: the file is not UTF-8 (byte 0xe9); save it with the encoding UTF-8"),
    ("name: x\n".encode("utf-16"), "campaign.yaml:1: the file is not UTF-8 (byte 0xff)"),
    ("a: " + "[" * 3000, "campaign.yaml:1: "),
    ("a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
        for old, new in zip("abcdefg", "bcdefgh", strict=True)
    ), "more than 10000 values"),
]  # fmt: skip

ENTRIES = [
    ("early_stopping: '0.1'\n", "expected a number above 0, at most 0.5. Got '0.1'; write 0.1 without quotes."),
    ("early_stopping: true\n", "early_stopping: expected a number above 0, at most 0.5. Got true."),
    ("trainer: ../../my/trainer\n", "trainer: expected a trainer: one of classifier"),
    ("trainer: .\n", "trainer: expected a trainer: one of classifier"),
    # the keys
    ("buget: 3\n", "campaign.yaml:4 buget: unknown key. Expected one of name, space, dataset, "),
    ("buget: 3\n", "Got 'buget'. Did you mean 'budget'?"),
    ("zzz: 3\n", "campaign.yaml:4 zzz: unknown key."),
    ("seed: 1\n# twice\nseed: 2\n", "campaign.yaml:6 seed: the key stands here a second time, first in line 4; keep o"),
    ("trainer:\n  name: classifier\n  name: x\n", "campaign.yaml:6 trainer.name: the key stands here a second time"),
    ("3: x\n", "campaign.yaml:4: a key must be a text. Got 3; write it in quotes"),
    ("? [a, b]\n: x\n", "campaign.yaml:4: a key must be a text. Got a list or mapping"),
    ("<<: {seed: 3}\n", "campaign.yaml:4: merge keys ('<<') are not read; write the keys out"),
    ("retrain_front: {seed: 3}\n", "campaign.yaml:4 retrain_front.seed: unknown key. Expected one of seeds. Got 'seed"),
    ("rungs: {epoch: [3]}\n", "campaign.yaml:4 rungs.epoch: unknown key. Expected one of epochs, reduction_factor, pr"),
    ("rungs: 3\n", "campaign.yaml:4 rungs: expected a list of epochs, as in [3], a mapping with 'epochs', or null. Go"),
    ("rungs: [3, 0]\n", "rungs.epochs[1]: expected a whole number, at least 1. Got 0."),
    ("rungs: [9, 3]\n", "rungs.epochs: expected epochs that rise from rung to rung. Got 9, 3"),
    ("rungs: {epochs: [3], promote_by: loss}\n", "rungs.promote_by: expected one of 'values', 'training_speed', "),
    ("replicates: {seeds: 3}\n", "campaign.yaml:4 replicates.seeds: unknown key. Expected one of trainings, share"),
    ("replicates: often\n", "replicates: expected a number of trainings, a mapping with 'trainings' and 'share'"),
    ("replicates: 0\n", "replicates.trainings: expected a whole number, at least 1. Got 0."),
    ("replicates: {trainings: 3, share: 1.5}\n", "replicates.share: expected a number from 0 to 1. Got 1.5."),
    ("rungs: {epochs: [3], reduction_factor: 1}\n", "rungs.reduction_factor: expected a whole number, at least 2. "),
    # what would build objects
    (
        "dataset: !!python/object/apply:os.system [ls]\n",
        "campaign.yaml:4 dataset: YAML tags are not read, and build no objects. Got '!!python/object/apply:os.system'",
    ),
    ("dataset: !!python/name:os.system\n", "YAML tags are not read"),
    ("trainer:\n  name: !own digits\n", "campaign.yaml:5 trainer.name: YAML tags are not read, and build no objects. "),
    ("seed: !!int x\n", "campaign.yaml:4 seed: 'x' is tagged as what it is not"),
    ("results: 2020-01-01\n", "campaign.yaml:4 results: dates are not read. Got 2020-01-01; write '2020-01-01' in quo"),
    ("proxies: &loop [*loop]\n", "campaign.yaml:4 proxies[0]: an alias to a value that contains it"),
    # plain values
    ("seed: '7'\n", "campaign.yaml:4 seed: expected a whole number. Got '7'; write 7 without quotes."),
    ("seed: seven\n", "campaign.yaml:4 seed: expected a whole number. Got 'seven'."),
    ("seed: 1.5\n", "campaign.yaml:4 seed: expected a whole number. Got 1.5."),
    ("seed: 2e2\n", "campaign.yaml:4 seed: expected a whole number. Got 200.0; write 200."),
    ("seed: true\n", "campaign.yaml:4 seed: expected a whole number. Got true."),
    ("seed:\n", "campaign.yaml:4 seed: expected a whole number. Got nothing."),
    ("seed: -1\n", "campaign.yaml:4 seed: expected a whole number, at least 0. Got -1."),
    ("batch: 0\n", "campaign.yaml:4 batch: expected a whole number, at least 1. Got 0."),
    ("initial: 0\n", "campaign.yaml:4 initial: expected a whole number, at least 1. Got 0."),
    ("results: 3\n", "campaign.yaml:4 results: expected a text. Got 3; write it in quotes."),
    ("results: ''\n", "campaign.yaml:4 results: expected a text that is not empty. Got ''."),
    ("retrain_front: -1\n", "campaign.yaml:4 retrain_front.seeds: expected a whole number, at least 0. Got -1."),
    ("retrain_front: often\n", "campaign.yaml:4 retrain_front: expected a number of seeds, a mapping with 'seeds', or"),
    ("constraints: tight\n", "campaign.yaml:4 constraints: expected a mapping of objectives to bounds, as in"),
    ("constraints: [macs]\n", "campaign.yaml:4 constraints: expected a mapping of objectives to bounds, as in"),
    ("proxies: nwot\n", "campaign.yaml:4 proxies: expected a list. Got 'nwot'; write [nwot]."),
    ("objectives: []\n", "campaign.yaml:4 objectives: expected at least one, for example [validation_error, macs]. Go"),
    ("objectives:\n  - macs\n  - 3\n", "campaign.yaml:6 objectives[1]: expected a name, or a mapping with a name"),
    ("dataset:\n", "campaign.yaml:4 dataset: expected a name, or a mapping with a name and its arguments. Got nothing"),
    ("dataset: 3\n", "campaign.yaml:4 dataset: expected a name, or a mapping with a name and its arguments. Got 3."),
    ("dataset: [digits]\n", "campaign.yaml:4 dataset: expected a name, or a mapping"),
    ("dataset: {nam: digits}\n", "campaign.yaml:4 dataset.name: expected the key 'name', as in {name: "),
    ("dataset: {name: 3}\n", "campaign.yaml:4 dataset.name: expected a text. Got 3; write it in quotes."),
    ("trainer:\n  name: classifier\n  momentum: .nan\n", "campaign.yaml:6 trainer.momentum: expected a finite number."),
    # components
    ("dataset: digit\n", "campaign.yaml:4 dataset: expected a dataset: one of "),
    ("dataset: digit\n", "Did you mean 'digits'?"),
    ("dataset:\n  train: 500\n  name: digitz\n", "campaign.yaml:6 dataset.name: expected a dataset: one of "),
    ("dataset: ..digits\n", "campaign.yaml:4 dataset: "),
    ("dataset: no_such_module.Digits\n", "campaign.yaml:4 dataset: expected a dataset: one of "),
    ("dataset: no_such_module.Digits\n", "No module named 'no_such_module' can be imported."),
    ("dataset: own.Gray\n", "Module 'own' has no 'Gray'."),
    ("dataset: own.Depth\n", "campaign.yaml:4 dataset: expected a dataset: one of "),
    ("trainer:\n  name: classifier\n  epoch: 3\n", "campaign.yaml:6 trainer.epoch: unknown argument; expected one of "),
    ("trainer:\n  name: classifier\n  epoch: 3\n", "Got 'epoch'. Did you mean 'epochs'?"),
    ("trainer: {name: classifier, epochs: 1.5}\n", "campaign.yaml:4 trainer.epochs: expected a whole number. Got 1.5."),
    ("trainer: {name: classifier, epochs: 1e1}\n", "expected a whole number. Got 10.0; write 10."),
    ("trainer: {name: classifier, epochs: true}\n", "campaign.yaml:4 trainer.epochs: expected a whole number. Got tru"),
    ("trainer: {name: classifier, momentum: no}\n", "campaign.yaml:4 trainer.momentum: expected a number. Got 'no'."),
    ("trainer: {name: classifier, device: 0}\n", "campaign.yaml:4 trainer.device: expected a text. Got 0; write it in"),
    ("trainer: {name: classifier,\n epochs: 0}\n", "campaign.yaml:5 trainer.epochs: classifier: epochs must be a"),
    ("dataset: own.Grey\n", "campaign.yaml:4 dataset: the argument 'path' is required: expected a text. Got none."),
    ("dataset: {name: own.Grey, path: x, size: [8]}\n", "campaign.yaml:4 dataset.size: expected a list of 2: a whole "),
    ("dataset: {name: own.Grey, path: x, rate: 2}\n", "campaign.yaml:4 dataset.rate: rate must be at most 1; got 2"),
    ("searcher: {name: nsga2, problem: x}\n", "campaign.yaml:4 searcher.problem: unknown argument; expected one of po"),
    ("searcher: {name: screened_nsga2, predictor: x}\n", "campaign.yaml:4 searcher.predictor: the engine gives 'predi"),
    ("proxies: [synflow, {name: nwot, a: 1}]\n", "campaign.yaml:4 proxies[1].a: unknown argument; the component takes"),
    ("executor: {name: processes, workers: '2'}\n", "yaml:4 executor.workers: expected a whole number or null"),
    # objectives and constraints
    ("objectives: [macs, validation_eror]\n", "campaign.yaml:4 objectives[1]: expected a"),
    ("objectives: [macs, validation_eror]\n", "Got 'validation_eror'. Did you mean 'validation_error'?"),
    ("objectives:\n- macs\n- macs\n", "campaign.yaml:6 objectives[1]: expected each objective once; it stands in plac"),
    ("objectives: [own.size, {name: own.size, unit: ms}]\n", "objectives[1]: expected objectives of different names. "),
    ("objectives:\n- {name: own.size, goal: maxx}\n", "campaign.yaml:5 objectives[0].goal: expected one of min, max. "),
    ("objectives:\n- {name: own.size, goal: maxx}\n", "Did you mean 'max'?"),
    ("objectives: [{name: own.size, needs: x}]\n", "objectives[0].needs: expected one of architecture, model, trainin"),
    ("objectives: [{name: own.size, gaol: max}]\n", "objectives[0].gaol: unknown argument; expected one of needs, goa"),
    ("objectives: [{name: function, measure: own.size, unit: 3}]\n", "campaign.yaml:4 objectives[0].unit: expected a "),
    ("objectives: [own.odd]\n", "campaign.yaml:4 objectives[0]: objective 'odd': its parameters may be "),
    ("objectives: [own.three]\n", "campaign.yaml:4 objectives[0]: expected a"),
    ("objectives: [own.nothing]\n", "Module 'own' has no 'nothing'."),
    ("objectives: [own.Depth]\n", "campaign.yaml:4 objectives[0]: the argument 'scale' is required: expected a whole "),
    ("objectives: [{name: own.Depth, scale: 0}]\n", "campaign.yaml:4 objectives[0].scale: RuntimeError: scale must no"),
    ("constraints:\n  macs: 2e5\n", "campaign.yaml:5 constraints.macs: a constraint is a comparison with a number, as"),
    ("constraints: {macs: '== 3'}\n", "campaign.yaml:4 constraints.macs: a constraint is a comparison with a number"),
    ("constraints:\n\n  mac: '< 3'\n", "campaign.yaml:6 constraints.mac: expected an objective of this campaign, one "),
    ("constraints:\n\n  mac: '< 3'\n", "Got 'mac'. Did you mean 'macs'?"),
    (
        "constraints: {validation_error: '<= 0.1'}\n",
        "campaign.yaml:4 constraints.validation_error: expected one of macs, parameters. Got 'validation_error', which "
        "is known only after training",
    ),
]  # fmt: skip

WHOLE = [
    ("name: x\nspace: cell201\nbudget: '64'\n", "campaign.yaml:3 budget: expected a whole number. Got '64'; write 64 "),
    ("name: x\nspace: cell201\nbudget: 64.5\n", "campaign.yaml:3 budget: expected a whole number. Got 64.5."),
    ("name: x\nspace: cell201\nbudget: 2e2\n", "campaign.yaml:3 budget: expected a whole number. Got 200.0; write 200"),
    ("name: x\nspace: cell201\nbudget: -3\n", "campaign.yaml:3 budget: expected a whole number, at least 1. Got -3."),
    ("name: x\nspace: cell201\nbudget: 0\n", "campaign.yaml:3 budget: expected a whole number, at least 1. Got 0."),
    ("name: x\nspace: cell201\nbudget: yes\n", "campaign.yaml:3 budget: expected a whole number. Got 'yes'."),
    ("# x\n\nname: x\nspace: cell201\n", "campaign.yaml:3 budget: expected the key 'budget': how many candidates are "),
    ("name: x\nbudget: 4\n", "campaign.yaml:1 space: expected the key 'space': the search space"),
    ("space: cell201\nbudget: 4\n", "campaign.yaml:1 name: expected the key 'name': the campaign's name"),
    ("name: a/b\nspace: cell201\nbudget: 4\n", "campaign.yaml:1 name: expected letters, digits, '.', '_' and '-', a l"),
    ("name: ..\nspace: cell201\nbudget: 4\n", "campaign.yaml:1 name: expected letters, digits, '.', '_' and '-'"),
    ("name: 2024\nspace: cell201\nbudget: 4\n", "campaign.yaml:1 name: expected a text. Got 2024; write it in quotes."),
    (f"name: {'n' * 101}\nspace: cell201\nbudget: 4\n", "campaign.yaml:1 name: expected at most 100 characters."),
    ("name: x\nbudget: 4\nspace: cell2O1\n", "campaign.yaml:3 space: expected a space: one of "),
    ("name: x\nbudget: 4\nspace: cell2O1\n", "Got 'cell2O1'. Did you mean 'cell201'?"),
    ("name: x\nbudget: 4\nspace:\n  name: cell201\n  skeleton: compac\n", "campaign.yaml:5 space.skeleton: skeleton m"),
    ("name: x\nbudget: 4\nspace: {name: cell201, channels: 4.5}\n", "campaign.yaml:3 space.channels: expected a list "),
    ("name: x\nbudget: 4\nspace: own.Halves\n", "campaign.yaml:3 space: expected a space: one of "),
    ("name: x\nbudget: 4\nspace: own.Halves\n", "It lacks build, check, cost, crossover"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), SHAPES)
def test_what_is_no_campaign_at_all(folder: Path, text: str | bytes, said: str) -> None:
    assert said in fault(folder, text)


@pytest.mark.parametrize(("entry", "said"), ENTRIES)
def test_a_faulty_entry_is_the_one_fault_and_has_its_line(folder: Path, entry: str, said: str) -> None:
    message = fault(folder, BASE + entry)
    assert said in message
    assert message.count("\n") == 0


@pytest.mark.parametrize(("text", "said"), WHOLE)
def test_a_faulty_key_of_those_required(folder: Path, text: str, said: str) -> None:
    message = fault(folder, text)
    assert said in message
    assert message.count("\n") == 0


def test_all_faults_come_at_once_in_the_order_of_lines(folder: Path) -> None:
    message = fault(
        folder,
        """\
name: tiny
buget: 64
space:
  name: cell201
  skeleton: compact
  chanels: [4, 8]
trainer: {name: clasifier, epochs: 3}
objectives: [validation_error, macs, {name: own.size, goal: up}]
constraints:
  macs: "2e6"
  validation_error: "<= 0.5"
seed: yes
executor:
  name: processes
  workers: two
""",
    )
    assert re.findall(r"^campaign\.yaml:(\d+) (\S+): ", message, re.MULTILINE) == [
        ("1", "budget"),
        ("2", "buget"),
        ("6", "space.chanels"),
        ("7", "trainer.name"),
        ("8", "objectives[2].goal"),
        ("10", "constraints.macs"),
        ("11", "constraints.validation_error"),
        ("12", "seed"),
        ("15", "executor.workers"),
    ]


def test_a_faulty_objective_does_not_make_its_constraint_faulty(folder: Path) -> None:
    message = fault(
        folder, BASE + "objectives: [mac, {name: parametres}]\nconstraints: {macs: '< 3', parameters: '< 3'}\n"
    )
    assert "constraints" not in message


def test_a_module_that_cannot_be_imported_says_what_it_raised(folder: Path) -> None:
    (folder / "own_broken.py").write_text("raise RuntimeError('no licence')")
    assert "campaign.yaml:4 dataset: RuntimeError: no licence" in fault(folder, BASE + "dataset: own_broken.Data\n")


def test_no_such_file_names_the_shipped_campaigns(folder: Path) -> None:
    with pytest.raises(
        CampaignError, match=r"expected a campaign file, or the name of a shipped campaign \(.*digits.*\)"
    ):
        read("nothing")
    with pytest.raises(CampaignError, match=r"Got 'digitz'; there is no such file\. Did you mean 'digits'\?"):
        read("digitz")
    with pytest.raises(CampaignError, match=r"it is a folder"):
        read(folder)
