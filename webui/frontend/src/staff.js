// Staff's pages: the dashboard, the job page, the trouble list. Each of them works without this.
import Alpine from "@alpinejs/csp";
import morph from "@alpinejs/morph";
import * as acting from "./acting.js";
import * as banners from "./banners.js";
import { follow } from "./follow.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as live from "./live.js";
import * as notify from "./notify.js";
import * as paths from "./paths.js";
import { quote } from "./quote.js";
import { sound } from "./sound.js";
import * as theme from "./theme.js";
import * as ticking from "./ticking.js";
import * as toasts from "./toasts.js";
import * as trouble from "./trouble.js";

document.documentElement.classList.add("scripted");
theme.setUp();
Alpine.plugin(morph);
Alpine.data("quote", quote);
Alpine.data("follow", follow);
Alpine.data("lastUpdated", live.lastUpdated);
Alpine.data("sound", sound);
Alpine.data("notify", notify.notify);
for (const part of [ticking, toasts, list, acting, keys, paths, notify, banners, live, trouble]) part.setUp();
Alpine.start();
