import io

from pipelines.local_stream import EngineStream, Listener


def listen(*portions: str) -> tuple[list[tuple], str]:
    heard: list[tuple] = []
    log = io.StringIO()
    listener = Listener(
        began=lambda step: heard.append(("began", step)),
        ended=lambda step, ok: heard.append(("ended", step, ok)),
        said=lambda line: heard.append(("said", line)),
    )
    stream = EngineStream(log, listener)
    for portion in portions:
        stream.write(portion)
    return heard, log.getvalue()


def test_a_step_is_heard_from_its_beginning_to_its_end():
    heard, _ = listen(
        "21:00:00.000 - INFO - Executing task \x1b[96m'split-and-pair'\x1b[0m\n",
        "    400 rows\n",
        "21:00:01.000 - INFO - Task \x1b[96m'split-and-pair'\x1b[0m finished with status "
        "\x1b[92mSUCCESS\x1b[0m\n",
    )

    assert heard == [
        ("began", "split-and-pair"),
        ("said", "400 rows"),
        ("ended", "split-and-pair", True),
    ]


def test_a_failed_step_is_heard_as_failed():
    heard, _ = listen(
        "21:00:01.000 - ERROR - Task \x1b[96m'train'\x1b[0m finished with status "
        "\x1b[91mFAILURE\x1b[0m\n"
    )

    assert heard == [("ended", "train", False)]


def test_lines_may_arrive_in_any_portions():
    whole = "21:00:00.000 - INFO - Executing task 'train'\nloss 2.1\n"

    assert listen(*whole) == listen(whole)


def test_frames_of_a_live_display_are_said_but_not_kept():
    heard, log = listen("\x1b[2Kstep 3 of 9\n", "epoch 1\n")

    assert heard == [("said", "step 3 of 9"), ("said", "epoch 1")]
    assert log == "epoch 1\n"


def test_the_log_has_no_colours():
    _, log = listen("\x1b[91mbroken\x1b[0m\n")

    assert log == "broken\n"
