// Made by ui/make_api.py from pitmark.wire; do not edit.

export type Document = Record<string, unknown>;

export type Shape = ClassShape | BoxShape | PolygonShape | MaskShape;

export type Key = string;

export type VersionNumber = number;

export type Share = number;

export type Word = string;

export type State = "open" | "accepted" | "corrected" | "dismissed";

export type Decision = "accept" | "correct" | "dismiss";

export type MetadataValue = string | number | FiniteFloat | boolean;

export type Preset = "fast" | "balanced" | "thorough";

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

export type FiniteFloat = number;

export type Role = "owner" | "admin" | "operator" | "labeler" | "viewer";

export type Scope = "read" | "label" | "operate" | "manage";

export type Task = "classification" | "detection" | "segmentation" | "anomaly";

/** A study to be made: who labels how many images how often. */
export interface NewStudy {
  name?: Word;
  labelers: string[];
  images?: number;
  trials?: number;
  seed?: number;
}

/** How far a labeler is in a trial. */
export interface StudyProgress {
  labeler: string;
  trial: number;
  answered: number;
  total: number;
}

/** A study, how far it is, and what one of its size can show. */
export interface Study {
  id: string;
  name: string;
  author: string;
  created: string;
  images: number;
  trials: number;
  labelers: string[];
  progress: StudyProgress[];
  complete: boolean;
  sentences: string[];
}

/** The next image of a labeler, without anybody's labels; None when all are answered. */
export interface StudyTask {
  trial: number;
  place: number;
  total: number;
  sha256: string | null;
  width: number;
  height: number;
}

/** What a labeler says in a study, apart from the labels of the project. */
export interface StudyAnswer {
  trial: number;
  sha256: string;
  shapes: Shape[];
}

/** What a labeler said of an image in one trial of a study. */
export interface StudyWord {
  labeler: string;
  trial: number;
  shapes: Shape[];
}

/**
 * A limit to write into the label book: the first class lies below, the second above.
 *
 * `measure` is length, area or short_side; another one takes what is proposed for the
 * two classes, by the answers of `study` if it is named, with this limit.
 */
export interface AcceptRule {
  classes: string[];
  measure: string;
  limit: FiniteFloat;
  unit?: string;
  reason?: string;
  study?: string | null;
}

/** The report as data, with the proposed rules. */
export interface AgreementReport {
  report: Document;
  rules: Document[];
}

/**
 * How a watch for drift went at one point of a device with one release.
 *
 * Point by point: the number of its last image, the highest `evidence`, which is an alarm
 * from `threshold` on, and the mean of `component`, whose mean and deviation without drift
 * are `reference_mean` and `reference_deviation`. `alarms` are the images at which there was
 * one; `newest` the parts to label first.
 */
export interface DriftCourse {
  point: string;
  release: string;
  alarm: boolean;
  threshold: FiniteFloat;
  since: number | null;
  since_low: number | null;
  since_high: number | null;
  carriers: Word[][];
  sentence: string;
  component: string;
  reference_mean: FiniteFloat;
  reference_deviation: FiniteFloat;
  images: number[];
  evidence: FiniteFloat[];
  values: FiniteFloat[];
  alarms: number[];
  newest: LookedNew[];
}

/** An inspection that a device told of. */
export interface Inspection {
  key: string;
  at: string;
  device: string;
  release: number | null;
  name: string;
  sha256: string | null;
  verdict: string;
  score: FiniteFloat | null;
  label: string | null;
  reason: string;
}

/** A one-time code, to be exchanged for a key. */
export interface Register {
  code: string;
}

/** The key of a device, which is shown once; `device` is its id at this server. */
export interface DeviceKey {
  project: string;
  device: string;
  key: string;
}

/** A record that is kept; `new` is false where it was before. */
export interface Taken {
  key: string;
  new: boolean;
}

/** What became of one record: new, known by its key, or refused for good with the reason. */
export interface RecordAnswer {
  key: string;
  outcome: "new" | "known" | "refused";
  message: string;
}

/** What became of records, in the order in which they were sent. */
export interface RecordAnswers {
  records: RecordAnswer[];
}

/** The release that a device should run; all None where nothing is offered. */
export interface Desired {
  version: number | null;
  sha256: string | null;
  size_bytes: number | null;
}

/** A device to be made known. */
export interface NewDevice {
  name: string;
}

/** The one-time code of a device, which is shown once. */
export interface DeviceCode {
  name: string;
  code: string;
  expires: string;
}

/** Parts by verdict. */
export interface PartTotals {
  ok: number;
  ng: number;
  error: number;
}

/** What became of a release on a device. */
export interface DeviceNote {
  at: string;
  version: number | null;
  outcome: string;
  reason: string;
}

/**
 * A device of the fleet.
 *
 * `state` is active, silent, waiting or revoked; `desired` the version offered to it;
 * `report` what it said last of itself.
 */
export interface FleetDevice {
  name: string;
  state: string;
  release: number | null;
  desired: number | null;
  on_trial: boolean;
  wave: number | null;
  created: string;
  registered: string | null;
  last_seen: string | null;
  parts: PartTotals;
  ng_rate: FiniteFloat | null;
  ng_low: FiniteFloat;
  ng_high: FiniteFloat;
  sentence: string;
  drift: boolean;
  note: DeviceNote | null;
  report: Document | null;
}

/** Some devices by name; `after` asks for the next ones, None where these are the last. */
export interface FleetList {
  items: FleetDevice[];
  after: string | null;
}

/** One device, what became of releases on it, and its latest inspections. */
export interface FleetDeviceDetails {
  device: FleetDevice;
  notes: DeviceNote[];
  latest: Inspection[];
}

/** The fleet in counts; `releases` by version, "" where none is known. */
export interface FleetCounts {
  states: Record<string, number>;
  releases: Record<string, number>;
  behind: number;
  drift: number;
}

/** What a wave must fulfill and what halts a rollout, see docs/devices.md. */
export interface RulesOfRollout {
  min_hours: number;
  min_parts: number;
  enough: Share;
  ng_jump: Share;
  errors: Share;
  refused: number;
}

/** A rollout to begin: shares of all devices, and devices that come first by name. */
export interface StartRollout {
  version: number;
  waves?: Share[];
  canary?: string[];
  rules?: RulesOfRollout;
}

/** Why a rollout is halted. */
export interface HaltRollout {
  why?: string;
}

/** Going on after a halt, by other rules where they are given. */
export interface ResumeRollout {
  rules?: RulesOfRollout | null;
}

/** Going back, to the content of a version where one is named. */
export interface RollBackRollout {
  to?: number | null;
}

/** One wave: its devices, and how many run the release, are on trial with it, or failed. */
export interface RolloutWave {
  wave: number;
  open: boolean;
  devices: number;
  running: number;
  on_trial: number;
  failed: number;
}

/** A rollout; `wave` is the newest open one, from 1, and `why` the last word on it. */
export interface Rollout {
  number: number;
  version: number;
  state: string;
  why: string;
  wave: number;
  wave_since: string;
  created: string;
  author: string;
  plan: Document;
  waves: RolloutWave[];
  parts_before: PartTotals;
  parts_under: PartTotals;
}

/** A rollout in a list. */
export interface RolloutLine {
  number: number;
  version: number;
  state: string;
  why: string;
  created: string;
  finished: string | null;
  author: string;
}

/** A part worth a label: its number and name, and how new it looks (1 is usual). */
export interface LookedNew {
  number: number;
  name: string;
  novelty: FiniteFloat;
}

/** The watches of a device as it told of them last, at `at`. */
export interface DeviceDriftCourses {
  device: string;
  at: string;
  watches: DriftCourse[];
}

/**
 * Something that may be wrong. `score` in [0, 1] is how far what was found speaks for it.
 *
 * `chance` in [0, 1] is that of a fault: the score after what was decided on its kind.
 *
 * `suggestion` is what the image's shapes should be. `members` counts the labels of a
 * group finding. `because` says why it stands where it does in the queue, `seconds` what
 * a decision takes.
 */
export interface Finding {
  id: string;
  kind: string;
  title: string;
  sha256: string;
  image_name: string;
  shape_index: number | null;
  score: FiniteFloat;
  chance: FiniteFloat;
  why: string;
  labels: Shape[] | null;
  suggestion: Shape[] | null;
  related: string[];
  expected_gain: FiniteFloat | null;
  split: string | null;
  state: State;
  found: string;
  by: string | null;
  at: string | null;
  note: string;
  members: number;
  because: string;
  seconds: FiniteFloat;
}

/** A part of the queue in its order. */
export interface FindingPage {
  total: number;
  offset: number;
  items: Finding[];
  counts: Record<string, Record<string, number>>;
}

/**
 * An image or object that looks alike, with what it is called.
 *
 * `likeness` is at most 1; None where the finding names the image and nothing measured it.
 */
export interface Neighbor {
  sha256: string;
  name: string;
  label: string;
  likeness: FiniteFloat | null;
  shape: Shape | null;
}

/**
 * What speaks for a finding: neighbors, prediction, the book's rule, who labeled when.
 *
 * `prediction` is by a model of `run` that had not seen the label; `run` is empty where
 * there is none.
 */
export interface Evidence {
  finding: Finding;
  neighbors: Neighbor[];
  run: string;
  prediction: Shape[];
  prediction_scores: FiniteFloat[];
  rules: string[];
  said: Document[];
  group: Document | null;
}

/** A decision. `shapes` replace the suggestion, `label` names the side of a group. */
export interface Settle {
  decision: Decision;
  shapes?: Shape[] | null;
  label?: string | null;
  whole_group?: boolean;
  note?: string;
}

/** What a decision did, or taking one back: findings decided, labels changed. */
export interface Settled {
  finding: Finding;
  settled: number;
  relabeled: number;
  sentence: string;
}

/** Which decision to take back; None for the last one of the person who asks. */
export interface Undo {
  finding?: string | null;
  note?: string;
}

/**
 * What is held to be true of an image, and who said what.
 *
 * `consensus` is None for an image that nobody has labeled; no shapes mean "nothing to
 * mark". `mine` is the newest word of the person who asks.
 */
export interface Labels {
  consensus: Shape[] | null;
  mine: Annotation | null;
  history: Annotation[];
}

/**
 * An image as the gallery shows it.
 *
 * `right` is whether the newest model was right about it where it was held out, `score`
 * the value that the list is sorted by.
 */
export interface ImageCard {
  sha256: string;
  name: string;
  width: number;
  height: number;
  classes: string[];
  labeled: boolean;
  split: string | null;
  findings: number;
  right: boolean | null;
  synthetic: boolean;
  score: FiniteFloat | string | null;
}

/**
 * A part of the images that a filter leaves, and how many there are in all.
 *
 * `revision` changes whenever the answer to the same question may have changed.
 */
export interface ImagePage {
  total: number;
  offset: number;
  items: ImageCard[];
  revision: string;
}

/** A value of a facet and how many images of the filter have it. */
export interface FacetValue {
  value: string;
  count: number;
}

/** One column to filter by. Numbers come as ranges. */
export interface Facet {
  name: string;
  title: string;
  values: FacetValue[];
  more: number;
}

/** All facets under a filter, and the columns that images can be sorted by. */
export interface Facets {
  total: number;
  facets: Facet[];
  sortable: string[];
}

/** What a model says about an image. */
export interface Occurrence {
  run: string;
  shapes: Shape[];
  scores: FiniteFloat[];
  image_score: FiniteFloat | null;
}

/** One image with all that is known about it. */
export interface ImageDetail {
  card: ImageCard;
  mode: string;
  metadata: Record<string, MetadataValue>;
  group: string | null;
  names: string[];
  reference: string | null;
  labels: Labels;
  prediction: Occurrence | null;
  findings: string[];
}

/** Bytes that are on the server now. */
export interface Uploaded {
  sha256: string;
  size_bytes: number;
}

/** A file of a folder or archive that was uploaded: its path in there and its bytes. */
export interface UploadedFile {
  path: string;
  sha256: string;
}

/** Which of some bytes the server has not got yet. */
export interface MissingUploads {
  missing: string[];
}

/** Bytes that a client would like to upload, by sha256. */
export interface AskUploads {
  sha256: string[];
}

/** Images by sha256, or all that a filter leaves. */
export interface ImageSelection {
  sha256?: string[];
  filter?: string | null;
}

/**
 * One change to many images at once: a class, a group, or metadata.
 *
 * A class is for projects of the tasks classification and anomaly; it is a new revision
 * of the labels of each image.
 */
export interface SelectionChange {
  selection: ImageSelection;
  label?: string | null;
  group?: string | null;
  metadata?: Record<string, MetadataValue> | null;
  reason?: string;
}

/** How many images were changed, and why others were not. */
export interface SelectionChanged {
  changed: number;
  problems: string[];
}

/**
 * The embedding map: one point per image, coordinates in [-1, 1].
 *
 * `sha256` are in the order of `x` and `y`; `value` numbers `values` by the color column.
 */
export interface MapPoints {
  sha256: string[];
  x: FiniteFloat[];
  y: FiniteFloat[];
  value: number[];
  values: string[];
  made: string | null;
}

/**
 * Bring uploaded files into the project; archives among them are unpacked.
 *
 * `metadata_csv` is the path of one of the files. See `ops.importing.ImportOptions`.
 */
export interface ImportJob {
  files: UploadedFile[];
  format?: string | null;
  pattern?: string | null;
  metadata_csv?: string | null;
  group_by?: string[];
  labeler?: string;
  reference?: string | null;
}

/** Freeze all labeled images with their splits. See `ops.snapshots.SplitPlan`. */
export interface SnapshotJob {
  train?: number | null;
  val?: number | null;
  seed?: VersionNumber;
  given?: boolean;
  note?: string;
}

/** What a missed defect and a false alarm cost. See `ops.evaluating.Costs`. */
export interface TrainingCosts {
  escape?: number;
  overkill?: number;
  false_alarm_rate?: number;
}

/**
 * Train on a snapshot, or on a new one where there is none.
 *
 * See `ops.models.train_options.TrainOptions`; `init` can only ask for random weights.
 */
export interface TrainJob {
  snapshot?: string;
  preset?: Preset;
  seed?: VersionNumber;
  quick?: boolean;
  side_px?: number | null;
  input_wh?: number[] | null;
  image_steps?: number | null;
  threads?: number | null;
  init?: "random" | null;
  network?: "standard" | "small";
  costs?: TrainingCosts;
  reference?: boolean | null;
}

/** Look for what is worth a person's minute. See `ops.out_of_fold.AuditOptions`. */
export interface AuditJob {
  snapshot?: string;
  folds?: number;
  preset?: Preset;
  seed?: VersionNumber;
  image_steps?: number | null;
  threads?: number | null;
  side_px?: number | null;
}

/** Make a bundle for the edge, if its gate lets it pass. See `ops.releasing.release`. */
export interface ReleaseJob {
  run?: string;
  int8?: boolean;
  conditions?: string[] | null;
}

/** Queue images that devices sent. See `ops.feedback.FeedbackOptions`. */
export interface FeedbackJob {
  count?: number;
  random_share?: Share;
  same_part?: string[];
  moment_s?: number;
  newest?: number;
  seed?: VersionNumber;
}

/** Make a new version from the newest labels. See `ops.updating.UpdateOptions`. */
export interface UpdateJob {
  override?: string[];
  int8?: boolean;
  conditions?: string[] | null;
  threads?: number | null;
}

/** Put a run into use, if the gate lets it pass. See `ops.promotion.PromoteOptions`. */
export interface PromoteJob {
  run?: string;
  dry_run?: boolean;
  override?: string[];
  int8?: boolean;
  conditions?: string[] | null;
}

/** Whether the first images promise a model. See `ops.feasibility.assess`. */
export interface FeasibilityJob {
  most?: number;
}

/** What each class needs. See `ops.needs.NeedOptions`. */
export interface NeedsJob {
  snapshot?: string;
  more?: number | null;
  minutes?: number | null;
  seed?: VersionNumber;
}

/** How to search for weak slices. See `quality.slices.SliceOptions`. */
export interface SliceSearch {
  least_cases?: number | null;
  depth?: number;
  false_discovery_rate?: number;
  seed?: VersionNumber;
}

/** Where the model does worse than elsewhere. See `ops.slicing.SliceQuestion`. */
export interface SlicesJob {
  run?: string | null;
  loss?: "failures" | "graded";
  looks?: boolean;
  protect?: string[];
  options?: SliceSearch;
}

/** Compare all images. See `ops.duplicates.compare_images`. */
export interface DuplicatesJob {
  embed?: boolean;
}

/** Propose what keeps images together. See `ops.grouping.propose_groups`. */
export interface GroupsJob {
  embed?: boolean;
}

/** What is no defect and yet tells the class. See `ops.shortcuts`. */
export interface ShortcutsJob {
}

/** Make the datasheet of a snapshot. See `ops.datasheet.make_datasheet`. */
export interface DatasheetJob {
  snapshot?: string;
  answers?: Record<string, string>;
}

/**
 * Make images of a weak class, and keep them only if they help.
 *
 * See `ops.synthesis_trial.SynthesisOptions`.
 */
export interface SynthesizeJob {
  label?: Word | null;
  where?: Record<string, string>;
  amounts?: number[];
  policies?: string[];
  kind?: string | null;
  seed?: VersionNumber;
  train?: TrainJob;
}

/** Place all images on the embedding map. */
export interface MapJob {
}

/**
 * Write a snapshot in the format of another tool, as one zip file to download.
 *
 * The snapshot "new" is one of the labels as they stand when the job begins.
 */
export interface ExportJob {
  format: string;
  snapshot?: string;
}

/** The body of every answer that is an error; see `pitmark.core.errors`. */
export interface Problem {
  code: string;
  message: string;
  hint: string;
}

/** What to do: the kind names it, the options are those of the command of that name. */
export interface NewJob {
  kind: string;
  options?: Document;
  key?: string;
}

/** Where a job stands; `total` is 0 while unknown. `facts` carry the loss and the like. */
export interface JobProgress {
  stage: string;
  done: number;
  total: number;
  eta_s: FiniteFloat | null;
  facts: Document;
}

/**
 * One job. `result` is set when it is done, `problem` when it failed.
 *
 * `stopping` says that it was asked to stop and has not yet; `file` is the name of a file
 * that it made, to be had at .../jobs/{id}/file.
 */
export interface Job {
  id: string;
  kind: string;
  project: string | null;
  state: JobState;
  options: Document;
  by: string;
  created: string;
  started: string | null;
  finished: string | null;
  attempt: number;
  stopping: boolean;
  progress: JobProgress | null;
  result: Document | null;
  problem: Problem | null;
  file: string | null;
}

/** The class of a whole image. */
export interface ClassShape {
  kind: "class";
  label: string;
}

/** A box (x1, y1, x2, y2) in pixels of the image. */
export interface BoxShape {
  kind: "box";
  label: string;
  xyxy: FiniteFloat[];
}

/** Rings of corners (x, y) in pixels, even-odd filled. */
export interface PolygonShape {
  kind: "polygon";
  label: string;
  rings: FiniteFloat[][][];
}

/** Pixels as run lengths over the whole image, column by column, background first. */
export interface MaskShape {
  kind: "mask";
  label: string;
  size_wh: number[];
  counts: number[];
}

/** What one labeler said at one time. */
export interface Annotation {
  labeler: string;
  revision: number;
  shapes: Shape[];
  at: string;
  book_revision: number;
  reason: string;
  review: boolean;
}

/**
 * All shapes of an image as a new revision of the person who saves.
 *
 * `key` makes saving again harmless: the same key is the same revision.
 */
export interface SaveLabels {
  shapes: Shape[];
  reason?: string;
  key?: string;
}

/** A shape that a model proposes, with its score in [0, 1]. */
export interface Suggestion {
  shape: Shape;
  score: FiniteFloat;
}

/** What the newest model proposes for an image; empty `run` where there is none. */
export interface Suggestions {
  run: string;
  items: Suggestion[];
}

/**
 * A release with the record of its gate.
 *
 * `signed_by` is the key that its bundle says it is signed with.
 */
export interface Release {
  version: number;
  run: string;
  size_bytes: number;
  created: string;
  gate: Document;
  signed_by: string | null;
}

/** How many images came within an hour, by verdict. */
export interface Hour {
  start: string;
  counts: Record<string, number>;
}

/**
 * A device as the line knows it.
 *
 * `ng_rate` is the share of NG among its judged images with its interval and in words;
 * `ng_by_hour` that of each hour of `Line.hours`, None where nothing was judged; `drift`
 * what it said last of drift.
 */
export interface Device {
  name: string;
  last_seen: string;
  release: number | null;
  counts: Record<string, number>;
  ng_rate: FiniteFloat | null;
  ng_low: FiniteFloat;
  ng_high: FiniteFloat;
  sentence: string;
  ng_by_hour: (FiniteFloat | null)[];
  drift: Document | null;
}

/**
 * What devices told within the last hours: counts by verdict, device and hour.
 *
 * `items` are the newest inspections, whenever they were.
 */
export interface Line {
  since: string;
  counts: Record<string, number>;
  devices: Device[];
  hours: Hour[];
  items: Inspection[];
}

/** A person with an account. */
export interface Person {
  id: number;
  name: string;
  email: string;
}

/** An organisation that a person belongs to, and as what. */
export interface Membership {
  organisation: string;
  role: Role;
}

/** Who is signed in. `setup_needed` is true until the first owner exists. */
export interface Session {
  person: Person | null;
  memberships: Membership[];
  csrf: string;
  setup_needed: boolean;
}

/** Signing in with a password. */
export interface SignIn {
  email: string;
  password: string;
}

/** The first owner, with the one-time token that the server printed at its start. */
export interface Setup {
  token: Word;
  name: string;
  email: string;
  password: string;
}

/** Another password for the person who is signed in; all other sessions end. */
export interface PasswordChange {
  old: string;
  new: string;
}

/**
 * A session of one's own: since when, and when it was last used, to the hour.
 *
 * `browser` is such as "Firefox on Windows", "" where it is not known.
 */
export interface SignedIn {
  created: string;
  used: string;
  own: boolean;
  browser: string;
}

/** A person within an organisation. `projects` are roles that differ per project. */
export interface Member {
  person: Person;
  role: Role;
  projects: Record<string, Role>;
  since: string;
}

/** Another role: within the organisation, or within one project of it only. */
export interface RoleChange {
  role: Role;
  project?: string | null;
}

/** Whom to invite as what. */
export interface Invite {
  email: string;
  role: Role;
}

/** An open invitation. `link` is given once, when it is made. */
export interface Invitation {
  id: number;
  email: string;
  role: Role;
  expires: string;
  invited_by: string;
  link: string | null;
}

/** What a person sees who opens the link of an invitation. */
export interface InvitationOffer {
  organisation: string;
  email: string;
  role: Role;
  known: boolean;
}

/** Name and password of the person invited; a known person gives their password. */
export interface AcceptInvitation {
  name: string;
  password: string;
}

/** A token for a program. `project` limits it to one project. */
export interface NewToken {
  name: string;
  scope: Scope;
  project?: string | null;
  days?: number;
}

/**
 * A token. `secret` is given once, when it is made; only its hash is kept.
 *
 * It acts in the name of `person` and may never more than they may.
 */
export interface Token {
  id: number;
  name: string;
  person: string;
  scope: Scope;
  project: string | null;
  created: string;
  expires: string;
  last_used: string | null;
  secret: string | null;
}

/** One line of the audit log. */
export interface AuditLine {
  id: number;
  at: string;
  who: string;
  action: string;
  object: string;
  details: Document;
}

/**
 * A project in figures.
 *
 * `role` is that of the person who asks, and `may_start` the kinds of jobs that it is
 * enough for.
 */
export interface Project {
  name: string;
  task: Task;
  created: string;
  images: number;
  labeled: number;
  open_findings: number;
  runs: number;
  releases: number;
  role: Role;
  may_start: string[];
}

/** A project to be made, with the classes of its first label book if known. */
export interface NewProject {
  name: string;
  task: Task;
  classes?: string[];
}

/** Another name for a project. */
export interface ProjectChange {
  name: string;
}

/** A limit on the size of what may be called by a class. */
export interface Rule {
  measure: "length" | "area" | "short_side";
  unit: "px" | "mm";
  minimum: FiniteFloat | null;
  maximum: FiniteFloat | null;
}

/** One class of the label book; examples are sha256 hashes of images. */
export interface BookClass {
  name: string;
  definition: string;
  examples: string[];
  counter_examples: string[];
  rules: Rule[];
  good: boolean;
  must_catch: boolean;
}

/** The label book. A change names the revision it was made on, or it is refused. */
export interface LabelBook {
  revision: number;
  classes: BookClass[];
  mm_per_px: FiniteFloat | null;
  flips: boolean;
  turns: boolean;
}

/** The next revision of the label book. `book.revision` is the one it changes. */
export interface BookChange {
  book: LabelBook;
  reason?: string;
}

/** One revision of the label book. */
export interface BookRevision {
  book: LabelBook;
  author: string;
  reason: string;
  at: string;
}

/**
 * One thing to do next; gains are in points of the main score (0.01 is one point).
 *
 * `page` is the page of the web app that does it, `job` the kind of job where a button
 * can do it at once.
 */
export interface Action {
  kind: string;
  stage: "start" | "trust" | "improve" | "run";
  title: string;
  why: string;
  command: string;
  minutes: FiniteFloat;
  gain: FiniteFloat | null;
  low: FiniteFloat | null;
  high: FiniteFloat | null;
  basis: string;
  page: string;
  job: string | null;
}

/** What to do next, what earlier advice brought, and escapes and overkill by run. */
export interface Advice {
  actions: Action[];
  brought: string[];
  course: Document[];
}

/** A training run with its headline figures. */
export interface Run {
  id: string;
  kind: string;
  state: string;
  snapshot: string;
  settings: Document;
  metrics: Record<string, FiniteFloat | null>;
  created: string;
  finished: string | null;
  error: string;
}

/**
 * What a run does on images that it has not seen.
 *
 * `sentences` say it in words of the trade; `content` is the report of `evaluate`;
 * `curve` are threshold, share of escapes and share of overkill by rising threshold, to
 * move the handle; a share is None where there is no defective, or no good, test image.
 */
export interface Report {
  run: Run;
  sentences: string[];
  content: Document;
  curve: ((FiniteFloat | null)[])[];
  history: Record<string, FiniteFloat>[];
}

/**
 * An image that a report speaks of: what is true and what the run said.
 *
 * `why` says what is wrong with it, such as "verdict right; dent not found".
 */
export interface ReportCase {
  card: ImageCard;
  truth: string;
  said: string;
  score: FiniteFloat;
  why: string;
}

/**
 * Which images of a report to show.
 *
 * `truth` and `said` are NG, OK, or the row and the column of the confusion matrix.
 */
export interface AskCases {
  truth?: Word | null;
  said?: Word | null;
  wrong?: boolean;
  offset?: number;
  limit?: number;
}

/** Images behind a figure of a report. */
export interface ReportCases {
  total: number;
  items: ReportCase[];
}

/** What one of two runs says of an image. */
export interface RunSaid {
  verdict: string;
  score: FiniteFloat;
  shapes: Shape[];
}

/** An image on which two runs give different verdicts: the older one's words first. */
export interface ChangedImage {
  sha256: string;
  name: string;
  width: number;
  height: number;
  truth: string;
  better: boolean;
  labels: Shape[];
  said: RunSaid[];
}

/**
 * Two runs on the same images, as data, in words and in pictures.
 *
 * `changed` are some of the images with another verdict, what got worse first; `content`
 * names all of them.
 */
export interface Comparison {
  sentences: string[];
  content: Document;
  changed: ChangedImage[];
}

/** An immutable version of the data. */
export interface Snapshot {
  id: string;
  created: string;
  note: string;
  images: number;
  labeled: number;
}

/**
 * What an analysis found when it last ran: feasibility, needs, slices and others.
 *
 * `document` is None where it never ran.
 */
export interface Analysis {
  kind: string;
  made: string | null;
  job: string | null;
  document: Document | null;
  sentences: string[];
}

/** The newest version that took the place of another, with parts before and since. */
export interface Swap {
  at: string;
  version: number;
  version_before: number;
  before: PartTotals;
  since: PartTotals;
}

/** How a project stands on the line; `due` says whether and why an update is due. */
export interface Upkeep {
  run: string | null;
  version: number | null;
  candidate: string | null;
  waiting: number;
  due: Document;
  limits: Document;
  schedule: Document;
  updates: Document[];
  swap: Swap | null;
  sentences: string[];
}

/**
 * Whether a drift does harm, as far as labels tell; see `ops.harm.HarmState`.
 *
 * `since` is when the alarm began, None without one; `waiting` of the images in `drawn` have
 * no label yet.
 */
export interface Harm {
  verdict: "harmless" | "retrain" | "more labels";
  since: string | null;
  release: number | null;
  accepted: Document | null;
  test: Document | null;
  drawn: Document[];
  waiting: number;
  sentences: string[];
}

/** How many pictures shall wait for a label to test a drift. */
export interface DrawForHarm {
  count?: number;
}

/** A decision about a run, with the record that it rests on. */
export interface Promotion {
  number: number;
  at: string;
  by: string;
  decision: string;
  run: string;
  in_use_before: string | null;
  version: number | null;
  record: Document;
}

/** Limits to change; what is left out stays. See `ops.limits.Limits`. */
export interface LimitsChange {
  allowed?: ("feedback" | "update" | "promote" | "roll_back" | "roll_out")[] | null;
  updates_per_day?: number | null;
  hours?: number[] | null;
  must_pass?: string[] | null;
  first_share?: Share | null;
  gate?: Record<string, number | FiniteFloat> | null;
  way_back?: Record<string, number | FiniteFloat> | null;
}

/** Parts of the schedule to change. See `ops.schedule.Schedule`. */
export interface ScheduleChange {
  on?: boolean | null;
  corrections?: number | null;
  harm?: boolean | null;
  retry_hours?: number | null;
}
