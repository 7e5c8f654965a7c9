// @ts-check
// The types of what the site sends, mirrored once: events (labs/telemetry), runs
// (runner.Summary), and a page's data (site/view.go). Seconds, bytes and counts.

/** @typedef {{ko: string, en: string}} Text */

/** @typedef {"queued"|"building"|"starting"|"running"|"draining"|"finished"|"failed"|"stopped"|"interrupted"} Phase */

/**
 * One line of a recording. `kind` says which fields are set.
 * @typedef {object} Event
 * @property {number} seq dense in a run
 * @property {number} t seconds since the run began
 * @property {"run"|"state"|"block"|"sample"|"figures"|"sockets"|"path"|"log"|"fault"|"check"|"block-end"|"end"|"notes"} kind
 * @property {string} [from]
 * @property {Record<string, number>} [values]
 * @property {Record<string, Histogram>} [hists]
 * @property {"info"|"warn"|"error"} [level]
 * @property {string} [text]
 * @property {RunBegin} [run]
 * @property {State} [state]
 * @property {number} [block] counts from 0
 * @property {Block} [begin]
 * @property {BlockEnd} [block_end]
 * @property {Socket[]} [sockets]
 * @property {Path} [path]
 * @property {number} [more] sockets that were left out
 * @property {Notes} [notes] what a person wrote about the run, in one that was exported
 * @property {{id: string, kind: string, on: boolean}} [fault]
 * @property {Check} [check]
 * @property {End} [end]
 */

/**
 * Cumulative; `b` holds for each bucket the distance from the last one and its count.
 * @typedef {{count: number, sum: number, min: number, max: number, b: number[]}} Histogram
 */

/**
 * @typedef {object} RunBegin
 * @property {string} id
 * @property {string} experiment LESSON/EXPERIMENT
 * @property {string} began
 * @property {string} lab
 * @property {boolean} [edited]
 * @property {boolean} [exercise] one function was another version
 * @property {string} [by] who asked for it; none: the owner
 * @property {boolean} [shared] others might be measured at the same time
 * @property {string[]} [command] the server that was run in the lab's place
 * @property {Host} host
 * @property {string} [kind] comparison, sweep; of a run of several blocks
 * @property {{order: number[]}} [plan]
 * @property {{label: string, lab: string, question: {warmup: number, seconds: number}}[]} [arms] of a run of several blocks
 * @property {{predictions?: {kind: string, answer: string, given?: Answer}[]}} [question]
 */

/** @typedef {{name: string, os: string, kernel: string, cpu: string, cores: number, go: string, isolation: string}} Host */
/** @typedef {{phase: Phase, reason?: Reason, facts?: Record<string, string>}} State */
/** @typedef {{code: string, line?: string, file?: string, at?: number, args?: Record<string, string>}} Reason */
/** @typedef {{label: string, arm?: number, slot?: number, start: number, warmup: number, seconds: number}} Block */
/** @typedef {{peer: string, state: string, recvq: number, sendq: number, rtt?: number, cwnd?: number, retrans?: number}} Socket */
/** Every queue on a request's way, and the bottleneck until then. @typedef {{stages: Stage[], verdict: Bottleneck}} Path */
/** @typedef {{id: string, queue: string, unit?: string, level?: number, in?: number, out?: number, limit?: number, wait?: number, rtt?: number, again?: number, metrics?: string[], absent?: string}} Stage */
/** @typedef {{stage: string, queue: string, cause: string, from: number, to: number, held: number, of: number, confidence: "high"|"medium"|"low", evidence?: Evidence[], others?: string[], behind?: string[]}} Bottleneck */
/** @typedef {{code: string, metric: string, value: number, unit?: string}} Evidence */
/** @typedef {{id: string, pass: boolean, value: number|null, op: string, bound: number|null, expr: string, why?: string}} Check */
/** A choice, a number, or a curve's numbers. @typedef {string|number|number[]} Answer */
/** @typedef {{low: number, high: number}} Band */

/**
 * @typedef {object} Guess
 * @property {string} id
 * @property {string} kind
 * @property {Answer} [given]
 * @property {boolean} [skipped]
 * @property {string|number|(number|null)[]|null} answer of a curve null where nothing was measured
 * @property {boolean} right
 * @property {string} [why] there is no answer
 * @property {string} [tolerance] of a number or a curve
 * @property {number} [noise] of the run, in the unit of the answer
 * @property {(Band|null)[]} [bands] what was right
 * @property {number} [score] of a curve
 * @property {number} [shape] of a curve
 */
/** @typedef {{code: string, value: number, bound: number, void: boolean}} Doubt */

/** What is written about a run. @typedef {{name?: string, notes?: Note[], imported?: Origin|null}} Notes */
/** Times are in seconds since load began; `to` 0 or none: a moment; `block` from 0 where there are several; `by` the instructor, or nobody else. @typedef {{id: number, t: number, to?: number, block?: number, chart?: string, text: string, by?: string}} Note */
/** @typedef {{id: string, host?: string}} Origin */

/**
 * @typedef {object} End
 * @property {Phase} phase
 * @property {Reason} [reason]
 * @property {string} trust green, amber or void
 * @property {Doubt[]} [doubts]
 * @property {Check[]} [checks]
 * @property {Guess[]} [guesses]
 * @property {Record<string, number>} [metrics]
 * @property {Comparison} [comparison]
 */

/** @typedef {{label: string, trust: string, doubts?: Doubt[], retry?: boolean, so_far?: Comparison}} BlockEnd */

/**
 * What becomes of an expression from A to B; ratios are null without a verdict.
 * @typedef {object} Difference
 * @property {string} expr
 * @property {number|null} a
 * @property {number|null} b
 * @property {number|null} ratio
 * @property {number|null} low
 * @property {number|null} high
 * @property {number|null} least the smallest ratio above 1 that could have been seen
 * @property {""|"better"|"worse"|"higher"|"lower"|"none"} verdict
 * @property {"zero"|"missing"|"few"} [why]
 * @property {string} [line]
 * @property {number[]} [pairs] the ratio of each pair that counts, in the order of time
 */

/** @typedef {{level: number, metrics: Difference[], pairs: number, lost?: number, as?: boolean|null}} Comparison */

/**
 * A run in a list.
 * @typedef {object} Summary
 * @property {string} id
 * @property {string} experiment
 * @property {string} began
 * @property {string} [kind] comparison, sweep; none: one experiment
 * @property {string[]} [arms] their labels, of a run of several blocks
 * @property {Phase} phase
 * @property {Reason} [reason]
 * @property {string} [trust]
 * @property {number} [seconds] measured
 * @property {boolean} [edited]
 * @property {boolean} [exercise] one function was another version
 * @property {Record<string, Value>} [knobs]
 * @property {Record<string, Value>} [load]
 * @property {Check[]} [checks]
 * @property {Guess[]} [guesses]
 * @property {Record<string, number>} [metrics]
 * @property {string} [name]
 * @property {number} [notes] how many
 * @property {Origin} [imported] it was made elsewhere
 * @property {number} bytes
 * @property {Comparison} [comparison]
 */

/** @typedef {boolean|number|string} Value */

/**
 * A run in columns: what a page that comes late draws before it follows.
 * @typedef {object} Backfill
 * @property {number} seq
 * @property {number[]} t
 * @property {Record<string, (number|null)[]>} values
 * @property {Event[]} events
 * @property {{t: number, b: [number, number, number][]}[]} heat
 */

/**
 * What may be turned, how far, and where it stands.
 * @typedef {object} Setting
 * @property {string} name
 * @property {"bool"|"int"|"float"|"duration"|"choice"} kind
 * @property {Value} default
 * @property {number} [min]
 * @property {number} [max]
 * @property {string} [unit]
 * @property {string[]} [choices]
 * @property {string} [doc]
 * @property {Value} value
 * @property {Text} label
 * @property {boolean} [capped] the workshop bounds it further than the lesson
 * @property {boolean} [main] the lesson turns it: in sight without being asked for
 */

/** Something that a run can be given to suffer. @typedef {{kind: string, label: Text, doc: string, settings: Setting[]}} FaultKind */

/**
 * @typedef {object} Experiment
 * @property {string} id
 * @property {string} name LESSON/EXPERIMENT
 * @property {Text} title
 * @property {string} lab
 * @property {Setting[]} knobs
 * @property {Setting[]|null} load
 * @property {{id: string, kind: string, at: number, for?: number, label: Text}[]} faults
 * @property {number} warmup
 * @property {number} seconds
 * @property {{name: string, from: number, to: number}[]} windows
 * @property {{group: string, metrics: string[]}[]} charts
 * @property {string[]} watch
 * @property {{id: string, expr: string, sides?: {op: string, unit: string}[]}[]} checks
 * @property {Prediction[]} predictions
 * @property {boolean} author
 * @property {number} inTurns seconds that a comparison of it takes
 * @property {Summary|null} latest
 * @property {boolean} edited
 * @property {{setting: string, values: string[]}|null} sweep null: one block
 */

/**
 * A comparison of the lesson.
 * @typedef {object} LessonComparison
 * @property {string} id
 * @property {string} name LESSON/COMPARISON
 * @property {Text} title
 * @property {string} a an experiment
 * @property {string} b
 * @property {Text} aTitle
 * @property {Text} bTitle
 * @property {number} rounds
 * @property {number} seconds
 * @property {Prediction[]} predictions
 * @property {boolean} author
 * @property {Summary|null} latest
 */

/** @typedef {{metric: string, range: [number, number], points: number}} Curve */
/** @typedef {{id: string, kind: string, choices: string[], unit: string, given: Answer|null, skipped: boolean, curve: Curve|null}} Prediction */
/** @typedef {{kind: "counter"|"gauge"|"histogram", unit: string, label: Text}} Metric */

/**
 * @typedef {object} PageData
 * @property {string} lesson "" on pages without one
 * @property {string} lang
 * @property {string} version
 * @property {boolean} linux
 * @property {string} [run] the page replays only this one
 * @property {boolean} [workshop] there is one, and the page follows it
 * @property {boolean} [learner] a workshop's learner reads it
 * @property {{seconds: number, total: number}} [caps] how long a learner may measure, a block and in all
 * @property {LeadLesson[]} [lead] what a class can be led to, on the instructor's page
 * @property {boolean} [offline] the page is a file, and nobody can be asked
 * @property {{person: string, propose?: ProposeData}} [watch] whom the page watches
 * @property {{lesson: string, stamp: string, shape: string}} [live] the files that the page follows
 * @property {string} [root] of the exported book that the page is a file of, from the page
 * @property {Experiment[]|null} experiments
 * @property {LessonComparison[]|null} comparisons
 * @property {Record<string, Metric>|null} metrics
 * @property {FaultKind[]|null} faults
 * @property {{goal: string, func: string, file: string}|null} exercise of the lesson; without a file a version is chosen, not written
 * @property {Record<"settings"|"faults"|"groups"|"units"|"queues", Record<string, Text>|null>} words
 * @property {Record<string, Text>} text
 */

/** @typedef {{lesson: string, experiment: string, title: Text, knobs: Setting[], load: Setting[]}} ProposeData */

/**
 * The learner's version of a function, as the site has it.
 * @typedef {object} ExerciseState
 * @property {string} text
 * @property {string} original
 * @property {boolean} saved the file is there
 * @property {{line: number, text: string}|null} problem
 * @property {{op: string, text: string}[]} diff from the original
 * @property {boolean} done the goal held
 */

/** @typedef {{id: string, measured: boolean, author: boolean}} BreakSide */
/** @typedef {{state: "wait"|"pass"|"fail", value: string, bound: string, why?: string}} BreakCell */
/** A failure and its cure. @typedef {{run: BreakSide, cure: BreakSide, rows: {id: string, run: BreakCell, cure: BreakCell}[], gone: boolean, both: boolean}} BreakView */

/** @typedef {{Lesson: string, Section: string, Title: Text, Where?: Text, Before: string, Match: string, After: string}} Hit */

/**
 * @typedef {object} Progress
 * @property {Record<string, boolean>} checks
 * @property {{lesson: string, section: string}|null} place
 * @property {Record<string, {given: Answer|null, skipped: boolean, when: string, run?: string}>} guesses
 */

/** One piece of evidence (runner/judge/doctor.go). @typedef {{id: string, metric: string, unit: string, state: string, now: number, value: number, from: number, to: number, look?: number, sick?: number}} DoctorSignal */
/** @typedef {{id: string, state: string, why?: string, signals: DoctorSignal[], commands: string[]}} DoctorStep */
/** @typedef {{run: string, seconds: number, steps: DoctorStep[], bottleneck?: {queue: string}}} Examination */
/**
 * What a sweep says so far (judge.Capacity). Times are in seconds; null is no value.
 * @typedef {{setting: string, objective: string, curves: LoadCurve[]}} Capacity
 */

/**
 * @typedef {object} LoadCurve
 * @property {string} server "" is the experiment's own
 * @property {string} lab
 * @property {string} client what the load speaks; curves of different clients are no rivals
 * @property {LoadStep[]} steps
 * @property {{step: number, end?: "first"|"last"}|null} knee
 * @property {{last: number, first: number, again?: boolean}|null} break indexes into steps, -1: none
 * @property {Law} law
 */

/**
 * @typedef {object} LoadStep
 * @property {string} value
 * @property {number|null} at the value as a number
 * @property {number} block -1: it has not ended
 * @property {"green"|"amber"|"void"|""} trust "": it has not ended
 * @property {Doubt[]} [doubts]
 * @property {number|null} offered
 * @property {number|null} throughput
 * @property {number|null} p50
 * @property {number|null} p99
 * @property {number|null} cpu of the server for each answer
 * @property {number|null} oldest
 * @property {boolean} [starved]
 * @property {boolean|null} met
 * @property {string} [why]
 */

/**
 * @typedef {object} Law
 * @property {boolean} fits
 * @property {string} [why]
 * @property {Record<string, number>} [args]
 * @property {number} lambda
 * @property {number} sigma
 * @property {number} kappa
 * @property {number} r2
 * @property {number} residual
 * @property {number} [peak]
 * @property {number} [ceiling]
 * @property {boolean} [beyond]
 */

/** What a workshop's page is told (site/classevents.go). @typedef {object} ClassState
 * @property {number} version
 * @property {{here?: Here, gates?: Record<string, string>, hints?: Record<string, number>, note?: ClassNote, vote?: Vote}} class what everybody may know
 * @property {boolean} [closed]
 * @property {number} [seats]
 * @property {number} [taken]
 * @property {{id: string, name: string, removed?: boolean}[]} [people]
 * @property {Desk} [desk] the instructor's
 * @property {string} [name] a learner's
 * @property {boolean} [gone] removed or deleted
 * @property {{follow: boolean, ballot: Ballot, hand?: Hand, called?: {run: string, lesson: string, experiment: string, title: Text}, watched?: boolean, proposal?: import("./proposal.js").Proposal}} [you] a learner's own
 */
/** @typedef {{lesson: string, section?: string, experiment?: string, since: string, title: Text, spot: Text}} Here */
/** @typedef {{id: number, text: string, at: string}} ClassNote */
/** @typedef {{question: string, kind: string, unit?: string, ask: Text, choices?: {id: string, text: Text}[], lesson?: Text}} Question */
/** @typedef {{n: number, choices?: Record<string, number>, numbers?: number[]}} Distribution */
/** @typedef {{id: string, question: string, state: "open1"|"closed1"|"open2"|"closed2"|"shown", spread?: [Distribution, Distribution], asked: Question, freed?: boolean, holds?: string[]}} Vote */
/** @typedef {{first: Answer|null, second: Answer|null}} Ballot */
/** @typedef {{n: number, person: string, text: string, state: "raised"|"answered"|"lowered", at: string, lesson?: string, run?: string, from?: number, to?: number, answer?: {text: string, at: string, t?: number}, seq: number, name?: string, number?: number}} Hand */
/** @typedef {{present: number, following: number, answered: [number, number], notes: ClassNote[], hands: Hand[]}} Desk */
/** @typedef {{id: string, title: Text, spots: {id: string, kind: "section"|"experiment"|"comparison", title: Text}[], asks: Question[], hints: number}} LeadLesson */
/** @typedef {Question & {people: number, simulated?: number, void?: number, came: Distribution, given?: Distribution, median?: number, quarters?: [number, number], spread?: [Distribution, Distribution]}} Outcome */

export {};
