// The answers of the fixture server: one small factory, made up from numbers.
const CLASSES = ["scratch", "dent", "pit mark", "discoloration", "blemish"];
const SPLITS = ["train", "train", "train", "val", "test"];
const DAY = 86_400_000;
const NOW = Date.now();

const ago = (days) => new Date(NOW - days * DAY).toISOString();
const share = (count, total) => {
  const z = 1.96;
  const p = count / total;
  const scale = 1 + z ** 2 / total;
  const middle = (p + z ** 2 / (2 * total)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / total + z ** 2 / (4 * total ** 2));
  const low = Math.max(0, middle - half);
  const high = Math.min(1, middle + half);
  return { count, total, low, high, value: p };
};
const problem = (status, code, message, hint = "") => [status, { code, message, hint }];
const noise = (n) => {
  const x = Math.sin(n * 12.9898) * 43758.5453;
  return x - Math.floor(x);
};

const streams = new Set();

/** Job events: every open page hears of them. */
export function openEvents(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.write(": hello\n\n");
  streams.add(response);
  response.on("close", () => streams.delete(response));
}

function tell(job) {
  for (const stream of streams) stream.write(`data: ${JSON.stringify(job)}\n\n`);
}

export function answers(pictures) {
  const repeat = Number(process.env.FIXTURE_IMAGES ?? 480);
  const cards = Array.from({ length: pictures.length ? repeat : 0 }, (_, i) =>
    cardOf(pictures, i),
  );
  const state = state0(cards);
  learn(state.jobs[0]);
  const routes = [
    ...sessionRoutes(state),
    ...peopleRoutes(state),
    ...projectRoutes(state),
    ...imageRoutes(state),
    ...jobRoutes(state),
    ...runRoutes(state),
    ...lineRoutes(state),
  ];
  return (method, path, query, body) => {
    for (const [verb, pattern, act] of routes) {
      const match = verb === method ? pattern.exec(path) : null;
      if (match) return act({ match, query, body, path });
    }
    return problem(404, "not_found", `the API has no ${method} ${path}`);
  };
}

function cardOf(pictures, i) {
  const picture = pictures[i % pictures.length];
  const count = noise(i) > 0.55 ? 0 : noise(i + 0.5) > 0.7 ? 2 : 1;
  const classes = [
    ...new Set(
      Array.from({ length: count }, (_, k) => CLASSES[Math.floor(noise(i * 7 + k) * 5)]),
    ),
  ];
  return {
    sha256: picture.sha256,
    name: picture.name,
    width: 448,
    height: 336,
    classes,
    labeled: noise(i * 3) > 0.06,
    split: SPLITS[Math.floor(noise(i * 5) * 5)],
    findings: noise(i * 11) > 0.9 ? 1 : 0,
    right: SPLITS[Math.floor(noise(i * 5) * 5)] === "test" ? noise(i * 13) > 0.12 : null,
    synthetic: noise(i * 17) > 0.97,
    score: null,
  };
}

function state0(cards) {
  return {
    cards,
    signedIn: process.env.FIXTURE_OUT !== "1",
    projects: [
      project("casings", "detection", cards.length, Math.round(cards.length * 0.94), 27, 3, 2),
      project("gearbox housings", "segmentation", Math.min(cards.length, 212), 212, 0, 1, 0),
      project("weld seams", "classification", 0, 0, 0, 0, 0),
    ],
    jobs: [
      job("train", "running", {
        stage: "training",
        done: 1240,
        total: 2000,
        eta_s: 312,
        facts: { images: 1240 * 8, loss: 0.41 },
      }),
      job("audit", "done", null),
    ],
    members: [
      member(1, "Ana Ruiz", "ana@plant.example", "owner"),
      member(2, "Jonas Weber", "jonas@plant.example", "admin", { casings: "admin" }),
      member(3, "Mei Tanaka", "mei@plant.example", "labeler"),
      member(4, "Paul Okafor", "paul@plant.example", "viewer", { casings: "labeler" }),
    ],
    invitations: [],
    tokens: [
      {
        id: 1,
        name: "station 4",
        person: "Ana Ruiz",
        scope: "label",
        project: "casings",
        created: ago(40),
        expires: ago(-325),
        last_used: ago(0.1),
        secret: null,
      },
    ],
    next: 10,
  };
}

function project(name, task, images, labeled, findings, runs, releases) {
  return {
    name,
    task,
    created: ago(60),
    images,
    labeled,
    open_findings: findings,
    runs,
    releases,
    role: "owner",
  };
}

function member(id, name, email, role, projects = {}) {
  return { person: { id, name, email }, role, projects, since: ago(200 - id * 30) };
}

function job(kind, state, progress, more = {}) {
  return {
    id: `${kind}-${Math.random().toString(16).slice(2, 8)}`,
    kind,
    project: "casings",
    state,
    options: {},
    by: "Ana Ruiz",
    created: ago(state === "done" ? 0.3 : 0.01),
    started: ago(0.01),
    finished: state === "done" ? ago(0.2) : null,
    attempt: 1,
    progress,
    result: null,
    problem: null,
    ...more,
  };
}

function lossHistory(steps) {
  return Array.from({ length: Math.floor(steps / 10) }, (_, i) => ({
    step: i * 10,
    loss: 2.2 * Math.exp(-i / 38) + 0.34 + 0.12 * (noise(i) - 0.5),
  }));
}

function sessionRoutes(state) {
  const session = () => ({
    person: state.signedIn ? state.members[0].person : null,
    memberships: state.signedIn
      ? [
          { organisation: "north-plant", role: "owner" },
          { organisation: "south-plant", role: "viewer" },
        ]
      : [],
    csrf: "fixture",
    setup_needed: process.env.FIXTURE_SETUP === "1",
  });
  return [
    ["GET", /\/api\/health$/, () => [200, { status: "ok" }]],
    ["GET", /\/api\/session$/, () => [200, session()]],
    [
      "POST",
      /\/api\/session$/,
      ({ body }) => {
        if (body.password === "wrong") {
          return problem(
            401,
            "not_signed_in",
            "E-mail or password is not right.",
            "Passwords tell small letters from capitals.",
          );
        }
        state.signedIn = true;
        return [200, session()];
      },
    ],
    [
      "DELETE",
      /\/api\/session$/,
      () => {
        state.signedIn = false;
        return [204];
      },
    ],
    [
      "GET",
      /\/api\/invitations\/.+$/,
      () => [
        200,
        {
          organisation: "north-plant",
          email: "new@plant.example",
          role: "labeler",
          known: false,
        },
      ],
    ],
  ];
}

function peopleRoutes(state) {
  return [
    ["GET", /\/members$/, () => [200, state.members]],
    [
      "PATCH",
      /\/members\/(\d+)$/,
      ({ match, body }) => {
        const found = state.members.find((m) => m.person.id === Number(match[1]));
        found.role = body.role;
        return [200, found];
      },
    ],
    ["GET", /\/invitations$/, () => [200, state.invitations]],
    [
      "POST",
      /\/invitations$/,
      ({ body }) => {
        const made = {
          id: state.next++,
          ...body,
          expires: ago(-7),
          invited_by: "Ana Ruiz",
          link: null,
        };
        state.invitations.push(made);
        return [
          201,
          { ...made, link: "https://pitmark.plant.example/invitation/5b1f0c2d9a77e4" },
        ];
      },
    ],
    ["GET", /\/tokens$/, () => [200, state.tokens]],
    [
      "POST",
      /\/tokens$/,
      ({ body }) => {
        const made = {
          id: state.next++,
          person: "Ana Ruiz",
          ...body,
          created: ago(0),
          expires: ago(-365),
          last_used: null,
          secret: null,
        };
        state.tokens.push(made);
        return [201, { ...made, secret: "pm_9f2c41d0a7b34e58" }];
      },
    ],
    [
      "GET",
      /\/audit$/,
      () => [
        200,
        [
          ["release made", "casings v2", 0.2],
          ["labels corrected", "L5_0134_cam2", 0.4],
          ["member role changed", "Paul Okafor", 2.1],
          ["project made", "weld seams", 9],
        ].map(([action, object, days], i) => ({
          id: 100 - i,
          at: ago(days),
          who: i % 2 ? "Jonas Weber" : "Ana Ruiz",
          action,
          object,
          details: i === 2 ? { role: "viewer" } : {},
        })),
      ],
    ],
  ];
}

function projectRoutes(state) {
  const find = (name) => state.projects.find((p) => p.name === name);
  return [
    [
      "GET",
      /\/projects$/,
      () => [200, process.env.FIXTURE_EMPTY === "1" ? [] : state.projects],
    ],
    [
      "POST",
      /\/projects$/,
      ({ body }) => {
        if (find(body.name))
          return problem(
            409,
            "conflict",
            `There is a project ${body.name} already.`,
            "Take another name.",
          );
        const made = project(body.name, body.task, 0, 0, 0, 0, 0);
        state.projects.push(made);
        return [201, made];
      },
    ],
    [
      "GET",
      /\/projects\/([^/]+)$/,
      ({ match }) => {
        const found = find(match[1]);
        return found
          ? [200, found]
          : problem(
              404,
              "not_found",
              `There is no project ${match[1]}.`,
              "It may have been deleted.",
            );
      },
    ],
    [
      "GET",
      /\/label-book$/,
      () => [
        200,
        {
          revision: 4,
          mm_per_px: 0.12,
          flips: true,
          turns: true,
          classes: CLASSES.map((name) => ({
            name,
            definition: `A ${name} on the outside of the casing.`,
            examples: [],
            counter_examples: [],
            rules: [],
            good: false,
            must_catch: name === "dent",
          })),
        },
      ],
    ],
    [
      "GET",
      /\/advice$/,
      () => [
        200,
        {
          actions: [
            action(
              "findings",
              "trust",
              "Correct 27 labels of pit mark",
              "The audit doubts 27 of 148 pit marks; 21 of the last 25 doubts you looked at were right.",
              6,
              [0.021, 0.008, 0.034],
              "findings?kind=wrong_class",
            ),
            action(
              "label",
              "improve",
              "Label 12 images from lot L7",
              "Lot L7 is unlike everything learned so far, and 5 of its 11 test images were judged wrong.",
              9,
              [0.013, 0.002, 0.026],
              "images?filter=meta.lot%20%3D%20L7",
            ),
            action(
              "agreement",
              "trust",
              "Agree on where a blemish begins",
              "Two people called the same mark blemish and pit mark in 9 of 40 images.",
              20,
              [0.011, -0.001, 0.024],
              "agreement",
            ),
            action(
              "train",
              "improve",
              "Train again",
              "31 labels have changed since the last training.",
              1,
              [0.009, 0.001, 0.019],
              "train",
              "train",
            ),
            action(
              "synthesize",
              "improve",
              "Make 60 dents on good casings",
              "Dents are rare: 14 examples, and every fourth is missed.",
              2,
              [0.006, -0.004, 0.018],
              "train",
              "synthesize",
            ),
            action(
              "release",
              "run",
              "Release run 3",
              "It misses fewer defects than release 2, and passed every check.",
              1,
              [null, null, null],
              "release",
              "release",
            ),
          ],
          brought: [
            "Correcting 24 labels brought +6.2 points (between -4.8 and +15.8), expected were +2.4.",
            "Labeling 12 images of lot L5 brought +0.9 points (between -0.3 and +2.2), expected were +1.1.",
          ],
          course: [
            {
              run: "run-1",
              at: ago(21),
              escapes: share(14, 96),
              overkill: share(22, 131),
            },
            {
              run: "run-2",
              at: ago(12),
              escapes: share(9, 104),
              overkill: share(13, 128),
            },
            { run: "run-3", at: ago(3), escapes: share(5, 104), overkill: share(7, 128) },
          ],
        },
      ],
    ],
  ];
}

function action(kind, stage, title, why, minutes, [gain, low, high], page, job = null) {
  return {
    kind,
    stage,
    title,
    why,
    command: `pitmark ${kind} casings`,
    minutes,
    gain,
    low,
    high,
    basis: "400 resamples of the held-out images",
    page,
    job,
  };
}

function imageRoutes(state) {
  const chosen = (query) => {
    const filter = query.get("filter") ?? "";
    if (/^\s*[a-z]+\s*$/.test(filter)) throw new Error("filter");
    const classes = /class (?:=|in) \(?([^)]*)\)?/
      .exec(filter)?.[1]
      ?.replaceAll('"', "")
      .split(", ");
    const wrong = /right = no/.test(filter);
    const name = /name has "?([^"]+)"?/.exec(filter)?.[1];
    return state.cards.filter(
      (c) =>
        (!classes || c.classes.some((k) => classes.includes(k))) &&
        (!wrong || c.right === false) &&
        (!name || c.name.includes(name)),
    );
  };
  return [
    [
      "GET",
      /\/images$/,
      ({ query, path }) => {
        if (path.includes("weld seams"))
          return [200, { total: 0, offset: 0, items: [], revision: "0" }];
        const offset = Number(query.get("offset") ?? 0);
        const limit = Number(query.get("limit") ?? 100);
        try {
          const all = chosen(query);
          return [
            200,
            {
              total: all.length,
              offset,
              items: all.slice(offset, offset + limit),
              revision: "1",
            },
          ];
        } catch {
          return problem(
            422,
            "invalid_input",
            "the filter cannot be read at character 5: expected one of = != in >= <= has after class, it ends there",
            "Columns: class, labeled, split, finding, right, labeler, group, synthetic, name, width, height, and meta.KEY for metadata.",
          );
        }
      },
    ],
    [
      "GET",
      /\/facets$/,
      ({ query }) => {
        let all = state.cards;
        try {
          all = chosen(query);
        } catch {}
        const counted = (values, test) =>
          values.map((value) => ({
            value,
            count: state.cards.filter((c) => test(c, value)).length,
          }));
        return [
          200,
          {
            total: all.length,
            sortable: ["name", "split", "meta.lot", "width"],
            facets: [
              {
                name: "class",
                title: "Class",
                values: counted([...CLASSES, ""], (c, v) =>
                  v === "" ? c.classes.length === 0 : c.classes.includes(v),
                ),
                more: 0,
              },
              {
                name: "labeled",
                title: "Labeled",
                values: counted(["yes", "no"], (c, v) => c.labeled === (v === "yes")),
                more: 0,
              },
              {
                name: "split",
                title: "Used for",
                values: counted(["train", "val", "test"], (c, v) => c.split === v),
                more: 0,
              },
              {
                name: "right",
                title: "Newest model was right",
                values: counted(["yes", "no", ""], (c, v) =>
                  v === "" ? c.right === null : c.right === (v === "yes"),
                ),
                more: 0,
              },
              {
                name: "finding",
                title: "Open findings",
                values: counted(["yes", "no"], (c, v) => c.findings > 0 === (v === "yes")),
                more: 0,
              },
              {
                name: "meta.lot",
                title: "lot",
                values: ["L1", "L2", "L3", "L5", "L7"].map((value, i) => ({
                  value,
                  count: 60 + i * 17,
                })),
                more: 12,
              },
              {
                name: "meta.exposure",
                title: "exposure",
                values: ["10..20", "20..30", "30..48"].map((value, i) => ({
                  value,
                  count: 90 + i * 40,
                })),
                more: 0,
              },
            ],
          },
        ];
      },
    ],
    [
      "GET",
      /\/images\/([0-9a-f]{64})$/,
      ({ match }) => {
        const card = state.cards.find((c) => c.sha256 === match[1]);
        return card
          ? [200, detailOf(card)]
          : problem(404, "not_found", "There is no such image.");
      },
    ],
    [
      "POST",
      /\/images\/change$/,
      ({ body }) => [200, { changed: body.selection.sha256?.length ?? 3, problems: [] }],
    ],
    [
      "GET",
      /\/map$/,
      () => {
        const points = state.cards.map((c, i) => {
          const k = CLASSES.indexOf(c.classes[0] ?? "") + 1;
          const turn = (k / 6) * 2 * Math.PI;
          const r = 0.34 * Math.sqrt(-2 * Math.log(noise(i) + 0.01));
          return [
            0.5 * Math.cos(turn) + r * Math.cos(6.28 * noise(i + 0.3)) * 0.5,
            0.5 * Math.sin(turn) + r * Math.sin(6.28 * noise(i + 0.3)) * 0.5,
            k,
          ];
        });
        return [
          200,
          {
            sha256: state.cards.map((c) => c.sha256),
            x: points.map((p) => p[0]),
            y: points.map((p) => p[1]),
            value: points.map((p) => p[2]),
            values: ["", ...CLASSES],
            made: ago(1),
          },
        ];
      },
    ],
    [
      "POST",
      /\/uploads\/missing$/,
      ({ body }) => [200, { missing: body.sha256.filter((_, i) => i % 3 > 0) }],
    ],
    [
      "PUT",
      /\/uploads\/([0-9a-f]{64})$/,
      ({ match, body }) => [200, { sha256: match[1], size_bytes: body.length }],
    ],
  ];
}

function detailOf(card) {
  const shapes = card.classes.map((label, i) => ({
    kind: "box",
    label,
    xyxy: [120 + i * 90, 90 + i * 60, 190 + i * 90, 150 + i * 60],
  }));
  return {
    card,
    mode: "RGB",
    metadata: { lot: "L5", camera: "cam2", exposure: 24 },
    group: "L5 0134",
    names: [card.name],
    reference: null,
    labels: {
      consensus: card.labeled ? shapes : null,
      mine: null,
      history: [
        {
          labeler: "Mei Tanaka",
          revision: 1,
          shapes,
          at: ago(14),
          book_revision: 3,
          reason: "",
          review: false,
        },
      ],
    },
    prediction: {
      run: "run-3",
      shapes: shapes.map((s) => ({ ...s, xyxy: s.xyxy.map((v) => v + 6) })),
      scores: shapes.map(() => 0.83),
      image_score: 0.83,
    },
    findings: card.findings ? ["finding-12"] : [],
  };
}

function jobRoutes(state) {
  return [
    ["GET", /\/jobs$/, () => [200, state.jobs]],
    [
      "POST",
      /\/jobs$/,
      ({ body }) => {
        const made = job(
          body.kind,
          "running",
          { stage: body.kind, done: 0, total: 40, eta_s: 20, facts: {} },
          { options: body.options },
        );
        state.jobs.unshift(made);
        run(made);
        return [201, made];
      },
    ],
    [
      "GET",
      /\/jobs\/([^/]+)$/,
      ({ match }) => [200, state.jobs.find((j) => j.id === match[1])],
    ],
    [
      "POST",
      /\/jobs\/([^/]+)\/cancel$/,
      ({ match }) => {
        const found = state.jobs.find((j) => j.id === match[1]);
        Object.assign(found, { state: "cancelled", finished: ago(0) });
        tell(found);
        return [200, found];
      },
    ],
  ];
}

function run(made) {
  let done = 0;
  const timer = setInterval(() => {
    if (made.state !== "running") return clearInterval(timer);
    done += 4;
    made.progress = { ...made.progress, done, eta_s: (40 - done) / 2 };
    if (done >= 40) {
      Object.assign(made, { state: "done", finished: ago(0), result: resultOf(made) });
    }
    tell(made);
  }, 300);
}

function learn(made) {
  let step = 40;
  const timer = setInterval(() => {
    if (made.state !== "running" || step >= 2000) return clearInterval(timer);
    step += 12;
    const loss = 2.2 * Math.exp(-step / 380) + 0.34 + 0.12 * (noise(step) - 0.5);
    made.progress = {
      stage: "train",
      done: step,
      total: 2000,
      eta_s: (2000 - step) * 0.25,
      facts: { images: step * 8, loss },
    };
    tell(made);
  }, 120);
}

function resultOf(made) {
  if (made.kind !== "import") return {};
  const files = made.options.files ?? [];
  return {
    format: "coco",
    found: files.length,
    added: files.length,
    known: 2,
    labeled: files.length,
    compared: 0,
    classes: CLASSES,
    problems: [
      { name: "photos/L5_0191_cam1.png", reason: "the file ends after 18,204 of 44,032 bytes" },
      { name: "photos/notes.tif", reason: "not an image: it begins with a text" },
    ],
    notes: [],
    seconds: 3.2,
  };
}

function runRoutes(state) {
  const runs = ["run-3", "run-2", "run-1"].map((id, i) => ({
    id,
    kind: "train",
    state: "done",
    snapshot: ["9fef12a57abe", "4cc01b7d2231", "bfe3c78999e0"][i],
    settings: { image_steps: 2000, side_px: 288, seed: 0 },
    metrics: {
      mAP50: 0.71 - i * 0.09,
      escape_rate: 0.05 + i * 0.04,
      overkill_rate: 0.05 + i * 0.05,
    },
    created: ago(3 + i * 9),
    finished: ago(2.99 + i * 9),
    error: "",
  }));
  const scores = Array.from({ length: 232 }, (_, i) => {
    const bad = i < 104;
    const base = bad ? 0.74 : 0.2;
    return {
      bad,
      score: Math.min(
        0.99,
        Math.max(0.01, base + 0.42 * (noise(i) - 0.5) + 0.35 * (noise(i + 500) - 0.5)),
      ),
    };
  });
  const at = (threshold) => ({
    threshold,
    escapes: share(scores.filter((s) => s.bad && s.score < threshold).length, 104),
    overkill: share(scores.filter((s) => !s.bad && s.score >= threshold).length, 128),
  });
  const thresholds = Array.from({ length: 60 }, (_, i) => 0.02 + i * 0.0165);
  const report = (id, query) => {
    const escaped = Number(query.get("escape_cost") ?? 10);
    const overkill = Number(query.get("overkill_cost") ?? 1);
    const cost = (o) => escaped * o.escapes.count + overkill * o.overkill.count;
    const best = thresholds.map(at).sort((a, b) => cost(a) - cost(b))[0];
    const counts = CLASSES.map((_, i) => [
      ...CLASSES.map((__, j) => (i === j ? 30 + i * 6 : Math.floor(noise(i * 9 + j) * 4))),
      i + 1,
    ]);
    counts.push([...CLASSES.map((_, j) => 2 + j), 0]);
    return {
      run: runs.find((r) => r.id === id) ?? runs[0],
      sentences: [
        `${best.escapes.count} of 104 defective images missed (${(100 * best.escapes.value).toFixed(1)} %, between ${(100 * best.escapes.low).toFixed(1)} and ${(100 * best.escapes.high).toFixed(1)} %)`,
        `${best.overkill.count} of 128 good images rejected (${(100 * best.overkill.value).toFixed(1)} %, between ${(100 * best.overkill.low).toFixed(1)} and ${(100 * best.overkill.high).toFixed(1)} %)`,
      ],
      curve: thresholds.map((t) => [t, at(t).escapes.value, at(t).overkill.value]),
      history: lossHistory(2000),
      content: {
        task: "detection",
        images: 232,
        metrics: {
          mAP50: 0.712,
          mAP: 0.438,
          recall: 0.842,
          precision: 0.803,
          AUROC: 0.962,
          AP: 0.958,
        },
        classes: CLASSES,
        outcome: best,
        operating_curve: { defective: 104, good: 128, points: thresholds.map(at) },
        choice: {
          ...best,
          reason: `the cheapest on 88 validation images at ${escaped} for an escape and ${overkill} for overkill`,
          costs: { escape: escaped, overkill },
        },
        report: {
          map50: { value: 0.712, low: 0.641, high: 0.774 },
          per_class: CLASSES.map((_, i) => ({
            support: 38 + i * 7,
            ap50: 0.8 - i * 0.06,
            recall: share(34 + i * 5, 38 + i * 7),
            precision: share(33 + i * 5, 40 + i * 6),
            f1: 0.84 - i * 0.03,
          })),
        },
        confusion: {
          rows: [...CLASSES, "nothing there"],
          columns: [...CLASSES, "not found"],
          counts,
        },
        ceiling: {
          metrics: { mAP50: { value: 0.83, low: 0.78, high: 0.88 } },
          from: "audit",
          sentence:
            "The labels of these 232 images allow at best: mAP50 83.0 % (between 78.0 and 88.0).",
          assumes:
            "Assumes that the audit's probabilities of a fault are right within a factor of two.",
          images: 232,
        },
        mistakes: state.cards.slice(0, 14).map((c, i) => ({
          kind: i < 5 ? "escape" : i < 11 ? "overkill" : "wrong class",
          image: c.name,
          sha256: c.sha256,
          score: 0.2 + i * 0.05,
          truth: i < 5 ? ["pit mark"] : [],
          predicted: i < 5 ? [] : ["scratch"],
        })),
      },
    };
  };
  return [
    ["GET", /\/runs$/, () => [200, runs]],
    ["GET", /\/runs\/([^/]+)\/report$/, ({ match, query }) => [200, report(match[1], query)]],
    [
      "GET",
      /\/runs\/([^/]+)\/cases$/,
      ({ query }) => {
        const limit = Number(query.get("limit") ?? 24);
        const items = state.cards.slice(3, 3 + limit).map((card, i) => ({
          card,
          truth: query.get("truth") ?? "pit mark",
          said: query.get("said") ?? "scratch",
          score: 0.3 + i * 0.02,
        }));
        return [200, { total: 31, items }];
      },
    ],
    [
      "GET",
      /\/runs\/([^/]+)\/compare\/(.+)$/,
      ({ match }) => [
        200,
        {
          sentences: [
            `${match[2]} is right on 221 of 232 images, ${match[1]} on 209: 5.2 points more (between 1.3 and 9.1).`,
            "14 images are judged rightly by one alone that were wrong before, 2 the other way round.",
          ],
          content: {},
        },
      ],
    ],
    [
      "GET",
      /\/snapshots$/,
      () => [
        200,
        runs.map((r) => ({
          id: r.snapshot,
          created: r.created,
          note: "",
          images: 480,
          labeled: 452,
        })),
      ],
    ],
    [
      "GET",
      /\/analyses\/slices$/,
      () => [
        200,
        {
          kind: "slices",
          made: ago(2),
          job: null,
          document: {
            unit: "labeled objects",
            cases: 268,
            slices: [
              {
                sentence: "camera 3 with pit marks: 11 of 24 fail against 9 % elsewhere",
                confirmed: true,
                failing: state.cards
                  .slice(0, 5)
                  .map((c) => ({ image: c.name, sha256: c.sha256, shape: 0 })),
                passing: [],
              },
              {
                sentence: "dark casings under 20 exposure: 7 of 31 fail against 8 % elsewhere",
                confirmed: false,
                failing: state.cards
                  .slice(6, 10)
                  .map((c) => ({ image: c.name, sha256: c.sha256, shape: 0 })),
                passing: [],
              },
            ],
          },
          sentences: [
            "268 labeled objects of the last audit: 12% fail.",
            "Camera 3 with pit marks: 11 of 24 fail (46 %, between 28 and 65 %) against 9 % elsewhere.",
            "Dark casings under 20 exposure: 7 of 31 fail (23 %, between 11 and 40 %) against 8 % elsewhere.",
          ],
        },
      ],
    ],
    [
      "GET",
      /\/analyses\/datasheet$/,
      () => [
        200,
        {
          kind: "datasheet",
          made: ago(1),
          job: null,
          document: { title: "casings" },
          sentences: [
            "480 images of casings from 3 cameras and 5 lots, taken between 2 March and 9 April.",
            "452 are labeled by 3 people; 31 labels were corrected after an audit.",
          ],
        },
      ],
    ],
    [
      "GET",
      /\/analyses\/([^/]+)$/,
      ({ match }) => [
        200,
        { kind: match[1], made: null, job: null, document: null, sentences: [] },
      ],
    ],
    ["GET", /\/review$/, () => [200, { sentences: [] }]],
    ["GET", /\/findings$/, () => [200, { total: 0, offset: 0, items: [], counts: {} }]],
    ["GET", /\/studies$/, () => [200, []]],
  ];
}

function lineRoutes(state) {
  const gate = {
    fp32: { ok: true, images: 8, tolerance: 0.001, largest: 3.3e-7, worst: {}, flipped: [] },
    int8: { ok: true, images: 8, tolerance: 0.05, largest: 0.011, worst: {}, flipped: [] },
    precisions: ["fp32", "int8"],
    quantization: { chosen: "int8", why: "int8 loses 0.1 points on 88 validation images" },
    network: "small",
  };
  const releases = [2, 1].map((version) => ({
    version,
    run: `run-${version}`,
    size_bytes: 17_360_589,
    created: ago(20 - version * 7),
    gate,
    signed_by: "9c1f…02ae",
  }));
  const hours = Array.from({ length: 24 }, (_, i) => ({
    start: ago((23 - i) / 24),
    counts: { OK: 300 + Math.round(90 * noise(i)), NG: 12 + Math.round(10 * noise(i * 3)) },
  }));
  const device = (name, ng, drift, seen) => ({
    name,
    last_seen: ago(seen),
    release: 2,
    counts: { OK: 4402 - ng, NG: ng },
    ng_rate: ng / 4402,
    ng_low: share(ng, 4402).low,
    ng_high: share(ng, 4402).high,
    sentence: `${ng} of 4402 images NG (${((100 * ng) / 4402).toFixed(1)} %, between ${(100 * share(ng, 4402).low).toFixed(1)} and ${(100 * share(ng, 4402).high).toFixed(1)} %)`,
    ng_by_hour: hours.map((_, i) =>
      drift.alarm && i > 17 ? 0.09 + 0.03 * noise(i) : 0.03 + 0.02 * noise(i * 7),
    ),
    drift,
  });
  const items = state.cards.slice(0, 40).map(verdictOf);
  return [
    ["GET", /\/releases$/, ({ path }) => [200, path.includes("casings") ? releases : []]],
    [
      "POST",
      /\/releases\/(\d+)\/rollback$/,
      ({ match }) => [
        200,
        { ...releases[0], version: 3, run: `run-${match[1]}`, created: ago(0) },
      ],
    ],
    [
      "GET",
      /\/line$/,
      ({ path }) =>
        path.includes("casings")
          ? [
              200,
              {
                since: ago(1),
                counts: { OK: 8412, NG: 391, error: 3 },
                devices: [
                  device(
                    "station-1",
                    152,
                    { alarm: false, sentence: "No drift in 4,402 images." },
                    0.0004,
                  ),
                  device(
                    "station-2",
                    239,
                    {
                      alarm: true,
                      sentence:
                        "Brightness is 6.1 grey levels lower since image 3,911; camera 3 carries it.",
                    },
                    0.0003,
                  ),
                ],
                hours,
                items,
              },
            ]
          : [200, { since: ago(1), counts: {}, devices: [], hours: [], items: [] }],
    ],
  ];
}

function verdictOf(card, i) {
  const bad = noise(i * 21) > 0.85;
  return {
    key: `k${i}`,
    at: ago(i * 0.0002),
    device: i % 2 ? "station-2" : "station-1",
    release: 2,
    name: card.name,
    sha256: card.sha256,
    verdict: bad ? "NG" : "OK",
    score: noise(i * 5),
    label: bad ? "scratch" : null,
    reason: bad ? "scratch of 3.1 mm" : "",
  };
}
