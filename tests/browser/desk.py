"""Staff before the dashboard: what they look at and what they press, found as a person finds it."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from schemas.naming import JobNumber
from tests.browser.system import System
from tests.browser.windows import Windows


class Desk:
    """One window on the jobs of one student, whoever else's there are."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def showing(cls, windows: Windows, system: System, job: JobNumber, **more: object) -> "Desk":
        """The list of the jobs of this job's student, in whatever status they are."""
        return cls.at(windows, f"/staff/?q={system.name(job)}", job, **more)

    @classmethod
    def at(cls, windows: Windows, path: str, *jobs: JobNumber, **more: object) -> "Desk":
        """A page that shows these jobs."""
        desk = cls(windows.open(path, staff=True, **more))
        for job in jobs:
            expect(desk.row(job)).to_be_visible()
        return desk

    @property
    def toast(self) -> Locator:
        return self.page.locator("#toasts")

    def row(self, job: JobNumber) -> Locator:
        return self.page.locator(f"#job-{job}")

    def dialog(self, name: str) -> Locator:
        return self.page.get_by_role("dialog", name=name)

    def open(self, job: JobNumber, step: str) -> Locator:
        """The dialog of a row's next step, such as `Approve`."""
        self.row(job).get_by_role("link", name=f"{step} …").click()
        return self._opened()

    def press(self, job: JobNumber, step: str) -> None:
        """A row's next step that asks nothing, such as `Start`."""
        self.row(job).get_by_role("button", name=step).click()

    def choose(self, job: JobNumber, item: str) -> None:
        """Something from a row's menu that asks nothing."""
        self._menu(job).get_by_role("button", name=item).click()

    def ask(self, job: JobNumber, item: str) -> Locator:
        """The dialog of something from a row's menu."""
        self._menu(job).get_by_role("link", name=item).click()
        return self._opened()

    def _menu(self, job: JobNumber) -> Locator:
        self.row(job).get_by_role("button", name=f"More for job {job}").click()
        menu = self.page.locator(f"#menu-{job}")
        expect(menu).to_be_visible()
        return menu

    def _opened(self) -> Locator:
        dialog = self.page.locator("#sheet")
        expect(dialog.get_by_role("heading").first).to_be_visible()
        return dialog


def the_same_after(page: Page, act: Callable[[], object]) -> bool:
    """Whether the page was never left while something was done on it."""
    page.evaluate("window.isTheSame = true")
    act()
    return bool(page.evaluate("window.isTheSame === true"))
