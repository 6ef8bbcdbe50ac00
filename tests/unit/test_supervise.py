"""Starting again what dies: when, and in which order."""

from deploy.supervise import LONGEST_PAUSE_S, STEADY_S, Supervisor
from schemas.errors import DatabaseUnavailable


class FakePart:
    """Runs or not, as the test says, and writes down what is asked of it."""

    def __init__(self, name: str, asked: list[str]) -> None:
        self.name = name
        self.running = False
        self.broken = False
        self._asked = asked

    def start(self) -> None:
        self._asked.append(f"start {self.name}")
        if self.broken:
            raise DatabaseUnavailable("no room")
        self.running = True

    def is_running(self) -> bool:
        return self.running

    def stop(self) -> None:
        self._asked.append(f"stop {self.name}")
        self.running = False


class World:
    """Two parts under a supervisor, and the clock it looks at."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked: list[str] = []
        self.said: list[str] = []
        self.daemon, self.web = FakePart("daemon", self.asked), FakePart("web", self.asked)
        self.supervisor = Supervisor(
            (self.daemon, self.web), say=self.said.append, clock=lambda: self.now
        )

    def look_after(self, pause_s: float) -> None:
        self.now += pause_s
        self.supervisor.look()

    def pause_until_started_again(self) -> float:
        """How long the daemon is left dead after the look that sees it."""
        self.daemon.running = False
        self.supervisor.look()
        died_at, starts = self.now, self.asked.count("start daemon")
        while self.asked.count("start daemon") == starts:
            self.look_after(0.25)
        return self.now - died_at


def test_parts_start_in_order_and_stop_the_other_way_round() -> None:
    world = World()

    world.supervisor.look()
    world.supervisor.stop()

    assert world.asked == ["start daemon", "start web", "stop web", "stop daemon"]


def test_what_runs_is_left_alone() -> None:
    world = World()
    world.supervisor.look()

    world.look_after(1000)

    assert world.asked == ["start daemon", "start web"]
    assert world.said == []


def test_one_that_keeps_dying_is_started_again_ever_more_slowly_up_to_a_limit() -> None:
    world = World()
    world.supervisor.look()

    pauses = [world.pause_until_started_again() for _ in range(8)]

    assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert world.said[0] == "daemon ended; starting it again in 0.5 s"


def test_one_that_ran_steadily_is_forgiven() -> None:
    world = World()
    world.supervisor.look()
    for _ in range(4):
        world.pause_until_started_again()

    world.look_after(STEADY_S + 1)

    assert world.pause_until_started_again() == 0.5


def test_one_that_cannot_be_started_is_tried_again_and_the_reason_said() -> None:
    world = World()
    world.daemon.broken = True
    world.supervisor.look()

    world.daemon.broken = False
    world.look_after(1)

    assert world.daemon.running
    assert world.said == ["daemon could not be started (no room); starting it again in 0.5 s"]


def test_one_that_already_runs_is_not_started_but_watched() -> None:
    world = World()
    world.daemon.running = True
    world.supervisor.look()

    assert world.pause_until_started_again() == 0.5
    assert world.asked == ["start web", "start daemon"]
