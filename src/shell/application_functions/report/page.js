
"use strict";
// Shows the report at a position. What comes from data is set as text and never as HTML.
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const { events, texts, commands, states, handlers, session } = report;

  const first = events.length === 0 ? 0 : events[0].position - 1;
  const last = events.length === 0 ? 0 : events[events.length - 1].position;
  const eventAt = new Map(events.map((event) => [event.position, event]));
  events.forEach((event, index) => (event.command_id ??= events[index - 1]?.command_id));
  const idOf = (event, named) => (typeof named === "number" ? eventAt.get(named).command_id : (named ?? event.command_id));
  const inOrder = new Intl.Collator(undefined, { numeric: true }).compare;

  const at = (id) => document.getElementById(id);
  const slider = at("slider");
  let position = last;

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function counted(count, what) {
    return `${count} ${what}${count === 1 ? "" : "s"}`;
  }

  function noteLeftOut(id, count, what) {
    at(id).textContent = `${counted(count, what)} left out.`;
    at(id).hidden = count === 0;
  }

  // Moves nothing but the list.
  function bringIntoView(list, row) {
    const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
    if (top < list.scrollTop) list.scrollTop = top;
    if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  }

  // What a command is called, whom it is about, and who sent it.
  function textOf({ text, events: [place] }) {
    const [before, behind] = texts[text];
    if (behind === undefined) return before;
    return `${before}"${eventAt.get(place).of.replace(/["\\]/g, "\\$&")}"${behind}`;
  }

  const statesBefore = () => new Map(states.subjects.filter(([, state]) => state !== null));
  const changes = states.changes.map(([changed, place, now]) => [changed, states.subjects[place][0], now]);

  // Each change of a state, with what was before it.
  const changesAt = new Map();
  {
    const known = statesBefore();
    for (const [changed, subject, now] of changes) {
      if (!changesAt.has(changed)) changesAt.set(changed, []);
      changesAt.get(changed).push({ subject, before: known.get(subject), now: now ?? undefined });
      known.set(subject, now ?? undefined);
    }
  }

  function statesAt(place) {
    const known = statesBefore();
    for (const [changed, subject, now] of changes) {
      if (changed > place) break;
      known.set(subject, now ?? undefined);
    }
    return known;
  }

  function effectAt(place) {
    const changes = (changesAt.get(place) ?? []).filter(({ before }) => before !== undefined);
    return changes.map(({ before, now }) => `${states.columns[1]} ${before} → ${now ?? "none"}`).join(", ");
  }

  // The rows are made once: a slider moves fast.
  const stateRows = new Map();
  {
    for (const subject of states.subjects.map(([one]) => one).sort(inOrder)) {
      const row = element("tr");
      const [state, before] = [element("td", "", "amount"), element("td", "", "amount")];
      const name = element("th", subject);
      name.scope = "row";
      row.append(name, state, before);
      stateRows.set(subject, { row, state, before });
      at("states").tBodies[0].append(row);
    }
  }

  function showStates() {
    const known = statesAt(position);
    const changed = new Map((changesAt.get(position) ?? []).map((change) => [change.subject, change.before]));
    let shown = 0;
    for (const [subject, { row, state, before }] of stateRows) {
      const now = known.get(subject);
      row.hidden = now === undefined && !changed.has(subject);
      row.classList.toggle("is-changed", changed.has(subject));
      state.textContent = now ?? "";
      before.textContent = changed.get(subject) ?? "";
      shown += row.hidden ? 0 : 1;
    }
    at("states-part").hidden = shown === 0;
    const [firstChanged] = changed.keys();
    if (firstChanged !== undefined) bringIntoView(at("states-part"), stateRows.get(firstChanged).row);
    at("no-states").hidden = shown > 0;
  }

  const eventRows = new Map();
  for (const event of events) {
    const row = element("li");
    row.id = `event-${event.position}`;
    row.setAttribute("role", "option");
    row.append(
      element("span", event.position, "number"),
      element("span", event.title, "what"),
      element("span", event.quantity ?? "", "quantity"),
      element("span", event.of, "of"),
    );
    row.addEventListener("click", () => choose(event.position));
    eventRows.set(event.position, row);
    at("events").append(row);
  }

  function showEvents() {
    for (const [place, row] of eventRows) {
      row.setAttribute("aria-selected", String(place === position));
      row.classList.toggle("is-later", place > position);
    }
    const [list, chosen] = [at("events"), eventRows.get(position)];
    if (chosen === undefined) {
      list.removeAttribute("aria-activedescendant");
      list.scrollTop = 0;
      return;
    }
    list.setAttribute("aria-activedescendant", chosen.id);
    bringIntoView(list, chosen);
  }

  const commandOf = new Map();
  commands.forEach((command, index) => command.events.forEach((place) => commandOf.set(place, index)));

  function showEvent() {
    const event = eventAt.get(position);
    at("no-event").hidden = event !== undefined;
    at("event").replaceChildren();
    if (event === undefined) return;
    const say = (name, text, className) => at("event").append(element("dt", name), element("dd", text, className));
    say("what", event.title);
    if (event.quantity !== undefined) say("how much", event.quantity);
    if (effectAt(position) !== "") say("effect", effectAt(position));
    for (const [field, json] of event.data) say(field, json, "json");
    say("time", event.time);
    say("type", event.type);
    say("stream", `${event.stream}, version ${event.version}`);
    const command = commands[commandOf.get(position)];
    if (command === undefined) return;
    say("command", textOf(command));
    say("command id", event.command_id, "json");
    say("correlation id", idOf(event, event.correlation_id), "json");
    say("causation id", idOf(event, event.causation_id), "json");
  }

  // The command that began the conversation of another, as far as the report has it.
  function beginning(index) {
    const passed = new Set();
    while (!passed.has(index)) {
      passed.add(index);
      const { answers, instead_of } = commands[index];
      const cause = instead_of ?? commandOf.get(answers);
      if (cause === undefined) break;
      index = cause;
    }
    return index;
  }

  const answersTo = new Map();
  const insteadOf = new Map();
  commands.forEach(({ answers, instead_of }, index) => {
    const [among, key] = instead_of === undefined ? [answersTo, answers] : [insteadOf, instead_of];
    if (key === undefined) return;
    if (!among.has(key)) among.set(key, []);
    among.get(key).push(index);
  });

  function branch(index) {
    const command = commands[index];
    const node = element("li", textOf(command) + (command.has_other_cause ? ", because of an earlier event" : ""));
    const below = element("ul");
    for (const place of command.events) {
      const event = eventAt.get(place);
      const leaf = element("li");
      const effect = effectAt(place);
      const link = element("a", `${event.title} at ${place}${effect === "" ? "" : ` (${effect})`}`);
      link.href = `#position=${place}`;
      link.setAttribute("aria-current", String(place === position));
      leaf.classList.toggle("is-later", place > position);
      const fates = element("ul");
      fates.append(...(event.deliveries ?? []).map(([handler, fate]) => element("li", `${handler}: ${fate}`)));
      leaf.append(link, ...(fates.hasChildNodes() ? [fates] : []), ...answered(answersTo.get(place)));
      below.append(leaf);
    }
    node.append(below, ...answered(insteadOf.get(index)));
    return node;
  }

  function answered(indices) {
    if (indices === undefined) return [];
    const list = element("ul");
    list.append(...indices.map(branch));
    return [list];
  }

  function showCauses() {
    const index = commandOf.get(position);
    at("no-causes").hidden = index !== undefined;
    at("causes").replaceChildren(...(index === undefined ? [] : [branch(beginning(index))]));
  }

  // What has become of the event at the position with a handler.
  function fate(handler) {
    if (position === 0) return "";
    const told = (eventAt.get(position)?.deliveries ?? []).find(([name]) => name === handler.name);
    if (told !== undefined) return told[1];
    if (handler.checkpoint < position) {
      return handler.attempts > 0 && handler.checkpoint + 1 === position ? `attempt ${handler.attempts}` : "not seen";
    }
    const checkpoint = ({ checkpoints = [] }) => (checkpoints.find(([name]) => name === handler.name) ?? [])[1];
    const noted = session.statements.filter((statement) => checkpoint(statement) !== undefined);
    const behind = noted.filter((statement) => checkpoint(statement) < position);
    const missed = behind.filter(({ checkpoints }) => checkpoints.some(([, seen]) => seen >= position));
    if (missed.length === 0) return "seen";
    // What was noted first after it was missed last has let the handler see it.
    const next = noted[noted.indexOf(missed[missed.length - 1]) + 1];
    return next === undefined ? "seen" : `seen after statement ${next.number}`;
  }

  const fates = handlers.map((handler) => {
    const row = element("tr");
    const name = element("th", handler.name);
    name.scope = "row";
    const fateCell = element("td");
    const { kind, checkpoint, behind, attempts, next_attempt, parked: aside, last_error } = handler;
    const cells = [fateCell, ...[kind, checkpoint, behind, attempts, next_attempt, aside, last_error].map((cell) => element("td", cell))];
    const headings = at("handlers").tHead.rows[0].cells;
    cells.forEach((cell, index) => {
      cell.dataset.label = headings[index + 1].textContent;
      cell.classList.toggle("is-zero", cell.textContent === "0");
    });
    row.append(name, ...cells);
    at("handlers").tBodies[0].append(row);
    return [handler, fateCell];
  });

  function showSession() {
    for (const { number, place, statement, answer, checkpoints = [] } of session.statements) {
      const item = element("li");
      if (place !== undefined) item.append(element("p", place === "" ? "Nothing is open:" : `In ${place}:`, "note"));
      const typed = element("pre", undefined, "statement");
      typed.append(element("span", `${number}> `, "number"), element("span", statement));
      const isRefused = answer.startsWith("{:error") || answer.startsWith("error:");
      const answered = element("pre", answer, isRefused ? "is-refused" : "");
      // Lines below each other, as of a table, stay as they are.
      if (answer.includes("\n")) {
        answered.classList.add("is-laid-out");
        answered.tabIndex = 0;
      }
      item.append(typed, answered);
      const furthest = Math.max(...checkpoints.map(([, seen]) => seen));
      const behind = checkpoints.filter(([, seen]) => seen < furthest).map(([name, seen]) => `${name} at ${seen}`);
      if (behind.length > 0) item.append(element("p", `The log is at ${furthest}, ${behind.join(", ")}.`, "note"));
      at("session").append(item);
    }
    at("no-session").hidden = session.statements.length > 0;
    noteLeftOut("earlier-statements", session.left_out, "earlier statement");
  }

  function show() {
    const event = eventAt.get(position);
    slider.value = position;
    at("position").textContent = `${position} of ${last}`;
    at("moment").textContent = event ? `${event.title} ${event.of}, ${event.time}` : "Before the first event";
    slider.setAttribute("aria-valuetext", `${position}: ${at("moment").textContent}`);
    at("earlier").disabled = position <= first;
    at("later").disabled = position >= last;
    showStates();
    showEvents();
    showEvent();
    showCauses();
    for (const [handler, cell] of fates) cell.textContent = fate(handler);
  }

  function choose(place) {
    const chosen = Math.min(Math.max(place, first), last);
    if (chosen === position) return;
    position = chosen;
    history.replaceState(null, "", `#position=${position}`);
    show();
  }

  function fromHash() {
    const named = /^#position=(\d+)$/.exec(location.hash);
    return named === null ? last : Math.min(Math.max(Number(named[1]), first), last);
  }

  const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
  at("events").addEventListener("keydown", (key) => {
    if (key.altKey || key.ctrlKey || key.metaKey || steps[key.key] === undefined) return;
    key.preventDefault();
    choose(Math.max(position + steps[key.key], first + 1));
  });
  slider.addEventListener("input", () => choose(Number(slider.value)));
  at("earlier").addEventListener("click", () => choose(position - 1));
  at("later").addEventListener("click", () => choose(position + 1));
  addEventListener("hashchange", () => {
    position = fromHash();
    show();
  });

  const name = report.fork === null ? report.of : `${report.of}, fork ${report.fork}`;
  document.title = name;
  at("title").textContent = name;
  at("summary").textContent = `${counted(events.length, "event")}, ${counted(session.statements.length, "statement")}`;
  at("subject").textContent = states.columns[0];
  at("state").textContent = states.columns[1];
  at("states-heading").textContent = "How things are";
  at("no-events").hidden = events.length > 0;
  at("more-states").hidden = !states.are_more;
  noteLeftOut("left-out", report.left_out, "earlier event");
  slider.min = first;
  slider.max = last;
  slider.disabled = first === last;
  position = fromHash();
  showSession();
  show();
})();
