import type { ConsoleBlock } from './console-blocks.ts'

/** Place where the commands of a section are executed. */
export type RunPlace =
  /** On the cluster of `make e2e`, beside other suites. */
  | 'e2e'
  /** On that cluster, when no other suite runs: they take nodes, Kafka or the operator away. */
  | 'e2e-alone'
  /** On this machine, against a gateway in the test's own process. */
  | 'desk'
  /** Nowhere: they need something that no test has. */
  | 'nowhere'

export interface Run {
  readonly page: string
  /** Its heading of second rank; `*` is every section without a row of its own. */
  readonly section: string
  readonly places: readonly RunPlace[]
  /** Reason, for `nowhere`. */
  readonly why?: string
}

/** Every section with commands has a row, which console-blocks.test.ts checks. */
export const runs: readonly Run[] = [
  { page: 'docs/kind.md', section: 'Try it', places: ['e2e'] },
  { page: 'docs/kind.md', section: 'Shake it', places: ['e2e-alone'] },
  { page: 'docs/first-channel.md', section: '*', places: ['e2e'] },
  // Sections at the start of the page, which harm no other suite.
  { page: 'docs/operations.md', section: '', places: ['e2e', 'e2e-alone'] },
  { page: 'docs/operations.md', section: '*', places: ['e2e'] },
  { page: 'docs/operations.md', section: 'Drain a node', places: ['e2e-alone'] },
  { page: 'docs/operations.md', section: 'Kafka is away', places: ['e2e-alone'] },
  { page: 'docs/operations.md', section: 'Upgrade', places: ['e2e-alone'] },
  { page: 'docs/operations.md', section: 'Uninstall', places: ['e2e-alone'] },
  { page: 'docs/cli.md', section: '*', places: ['desk'] },
  { page: 'docs/conformance.md', section: '*', places: ['desk'] },
  { page: 'README.md', section: 'On Kubernetes', places: ['nowhere'], why: 'a summary of docs/install.md and docs/first-channel.md' },
  {
    page: 'docs/install.md',
    section: '*',
    places: ['nowhere'],
    why: 'a registry of the reader is needed; make up does the same, and docs/operations.md upgrades and uninstalls',
  },
  {
    page: 'docs/releasing.md',
    section: '*',
    places: ['nowhere'],
    why: 'they tag, push, and read what is published; .ci/run runs make reproduce',
  },
  { page: 'docs/operator.md', section: '*', places: ['nowhere'], why: 'fragments of docs/operations.md' },
  {
    page: 'docs/backup.md',
    section: '*',
    places: ['nowhere'],
    why: 'they only read; operator/scenarios/restore.kubernetes.test.ts puts channels back as the page says',
  },
  {
    page: 'docs/multi-tenancy.md',
    section: '*',
    places: ['nowhere'],
    why: 'a Kafka with users is needed; multi-tenancy.kubernetes.test.ts applies all files of the page',
  },
  {
    page: 'docs/rbac.md',
    section: '*',
    places: ['nowhere'],
    why: 'the answers follow from the values of the chart; e2e/security asks for those that do not',
  },
]

/** @returns the row about the section, or null */
export function runOf({ page, section }: Pick<ConsoleBlock, 'page' | 'section'>): Run | null {
  const ofPage = runs.filter((run) => run.page === page)
  return ofPage.find((run) => run.section === section) ?? ofPage.find((run) => run.section === '*') ?? null
}
