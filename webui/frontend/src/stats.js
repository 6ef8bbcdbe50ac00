// The drawings of the statistics. Each is drawn from the table beside it; without this the tables
// say the same.
import { drawAll } from "./drawing.js";

drawAll(document);
