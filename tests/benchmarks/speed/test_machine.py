"""Is the machine idle: the share of time that its processors worked."""

import threading
import time
from pathlib import Path

from benchmarks.speed.machine import busy_share, machine


def test_the_busy_share_is_read_from_what_passed_while_waiting(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n")

    def pass_time() -> None:
        time.sleep(0.05)
        # 30 ticks of work, 10 stolen, 60 idle or waiting for a disk
        stat.write_text("cpu  120 0 110 750 110 0 0 10 0 0\ncpu0 1 2 3\n")

    worker = threading.Thread(target=pass_time)
    worker.start()
    share = busy_share(0.2, stat)
    worker.join()

    assert share == 0.4


def test_the_machine_is_named_with_its_processors() -> None:
    facts = machine()

    assert facts["processor"]
    assert isinstance(facts["processors"], int)
