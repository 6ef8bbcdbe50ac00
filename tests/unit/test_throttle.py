"""The brakes on submissions and log-ins, with a clock that tests turn."""

from webui.throttle import Lockout, Quota


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_the_one_too_many_waits_until_the_first_is_an_hour_old() -> None:
    clock = Clock()
    quota = Quota(2, 3600, clock=clock)
    assert [quota.take("a"), quota.take("a"), quota.take("b")] == [0, 0, 0]
    clock.now_s = 600
    assert quota.take("a") == 3000
    clock.now_s = 3600
    assert quota.take("a") == 0


def test_each_wrong_password_after_the_fourth_doubles_the_wait() -> None:
    clock = Clock()
    lockout = Lockout(clock=clock)
    waits = []
    for _ in range(8):
        lockout.wrong("a")
        waits.append(lockout.wait_s("a"))
    assert waits == [0, 0, 0, 0, 5, 10, 20, 40]
    assert lockout.wait_s("b") == 0


def test_the_wait_never_grows_beyond_a_quarter_of_an_hour() -> None:
    lockout = Lockout(clock=Clock())
    for _ in range(100):
        lockout.wrong("a")
    assert lockout.wait_s("a") == 900


def test_the_right_password_forgives_the_wrong_ones() -> None:
    lockout = Lockout(clock=Clock())
    for _ in range(6):
        lockout.wrong("a")
    lockout.right("a")
    assert lockout.wait_s("a") == 0
