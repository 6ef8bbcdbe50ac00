// The students' pages: the form, and where a request stands. Each of them works without this.
import * as form from "./form.js";
import * as once from "./once.js";
import * as progress from "./progress.js";

for (const part of [form, once, progress]) part.setUp();
