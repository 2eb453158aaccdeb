import { runOf } from './console-runs.ts'
import { consoleBlocks } from './console-blocks.ts'
import { fileExamples, isProvedElsewhere, type Proof } from './file-examples.ts'
import { type CodeBlock, codeBlocks, fileNameOf, type Page, readPages } from './pages.ts'

/** A test that runs, compiles or checks blocks of code of the pages. */
export interface BlockRunner {
  /** Path of the test, from the root of the repository. */
  readonly test: string
  /** Sentence about what the test does with a block. */
  readonly does: string
  readonly takes: (block: CodeBlock) => boolean
}

const isOf =
  (...languages: readonly string[]) =>
  ({ language }: CodeBlock): boolean =>
    languages.includes(language)

/** Returns whether `readPages` reads the page, so that the tests in this folder see its blocks. */
const isRead = ({ page }: CodeBlock): boolean => /^(?:[^/]+\.md$|(?:docs|client|react|bench)\/)/.test(page)
const isYaml = isOf('yaml')
const hasChannel = ({ code }: CodeBlock): boolean => /^kind: RealtimeChannel$/m.test(code) || /^(?:# .*\n)*spec:\n/.test(code)
const hasClass = ({ code }: CodeBlock): boolean => /^kind: RealtimeChannelClass$/m.test(code)

/** Pages whose commands, with their results below, are in a block of `console`. A remark above a block may say that it is not run. */
const consoles: ReadonlySet<string> = new Set(
  readPages()
    .flatMap((page: Page) => consoleBlocks(page))
    .filter((block) => block.notRun !== null || runOf(block) !== null)
    .map(({ page, line }) => `${page}:${line}`),
)

/** Returns whether YAML is values of the chart: all of its first keys are names of values. */
export const areChartValues = ({ language, code }: CodeBlock, names: readonly string[]): boolean => {
  const keys = [...code.matchAll(/^(\w+):/gm)].map(([, key = '']) => key)
  return language === 'yaml' && keys.length > 0 && keys.every((key) => names.includes(key))
}

/** Returns whether a block is a file of a page that is proved in this way. */
const isProvedBy =
  (proof: Proof) =>
  (block: CodeBlock): boolean =>
    fileExamples.some((row) => row.proof === proof && row.page === block.page && row.file === fileNameOf(block))

/** Every runner. A new language of the pages needs a row, or each of its blocks a reason among the exceptions. */
export function blockRunners(chartValues: readonly string[]): readonly BlockRunner[] {
  return [
    { test: 'scripts/docs/examples.test.ts', does: 'runs it, or checks the targets of make', takes: isOf('sh') },
    {
      test: 'scripts/docs/examples.test.ts',
      does: 'sends it, and waits for the event',
      takes: (block) => isOf('python')(block) && !isProvedElsewhere(block),
    },
    { test: 'interop/pages/emit.interop.test.ts', does: 'runs it, and sees its event arrive', takes: isProvedBy('emits') },
    { test: 'interop/pages/produce.interop.test.ts', does: 'runs it, and sees its record arrive', takes: isProvedBy('produces') },
    { test: 'interop/pages/knative.interop.test.ts', does: 'runs it, and sees its reply arrive', takes: isProvedBy('replies') },
    { test: 'interop/pages/compile.interop.test.ts', does: 'compiles it with the types of its packages', takes: isProvedBy('compiles') },
    {
      test: 'scripts/docs/examples.test.ts',
      does: 'runs it against a gateway, or compiles it',
      takes: (block) => isOf('ts', 'tsx')(block) && isRead(block) && !isProvedElsewhere(block),
    },
    { test: 'cdk8s/readme.test.ts', does: 'runs it, and checks the objects', takes: (block) => block.page === 'cdk8s/README.md' },
    {
      test: 'scripts/docs/examples.browser.test.ts',
      does: 'runs it in a page',
      takes: (block) => isOf('js')(block) && !block.code.includes('module.exports') && !isProvedElsewhere(block),
    },
    {
      test: 'scripts/docs/console-blocks.test.ts',
      does: 'demands a place where it runs, or a reason',
      takes: ({ page, line }) => consoles.has(`${page}:${line}`),
    },
    {
      test: 'scripts/docs/channels.test.ts',
      does: 'checks channels by the schema',
      takes: (block) => isYaml(block) && hasChannel(block),
    },
    { test: 'scripts/docs/yaml-blocks.test.ts', does: 'checks classes by the schema', takes: (block) => isYaml(block) && hasClass(block) },
    {
      test: 'scripts/docs/yaml-blocks.test.ts',
      does: 'checks values of the chart by its schema',
      takes: (block) => areChartValues(block, chartValues),
    },
    {
      test: 'scripts/docs/multi-tenancy.kubernetes.test.ts',
      does: 'applies it to an API server',
      takes: (block) => isYaml(block) && block.page === 'docs/multi-tenancy.md',
    },
    {
      test: 'scripts/chart/chart.kubernetes.test.ts',
      does: 'applies it to an API server',
      takes: (block) => isYaml(block) && block.page === 'docs/rbac.md' && block.code.includes('kind: Role\n'),
    },
    { test: 'scripts/docs/yaml-blocks.test.ts', does: 'parses it', takes: isOf('json') },
    { test: 'site/site.browser.test.ts', does: 'draws it', takes: isOf('mermaid') },
  ]
}

/** A block that no test runs, by its page and a piece of its text, with the reason. */
export interface Exception {
  readonly page: string
  readonly contains: string
  readonly why: string
}

export const exceptions: readonly Exception[] = [
  { page: 'docs/browser.md', contains: 'module.exports', why: "settings of webpack's development server, which no test has" },
  {
    page: 'docs/install.md',
    contains: 'resource.customizations.health.carillon.dev_RealtimeChannel',
    why: 'Lua that Argo CD runs, which no test has',
  },
  { page: 'docs/install.md', contains: 'healthCheckExprs:', why: 'expressions that Flux evaluates, which no test has' },
  { page: 'docs/knative.md', contains: 'kind: Trigger', why: 'an object of Knative Eventing, which no test has' },
  { page: 'docs/knative.md', contains: 'proxy_set_header x-rh-identity', why: 'settings of an nginx in a cluster with Knative' },
  { page: 'docs/first-channel.md', contains: "new WebSocket('wss://shop.example.com", why: 'a host of the reader is needed' },
]

/** Words of languages without code: messages, headers and drawings. */
const plain = new Set(['', 'text'])

/** Returns whether a block is only to be read. A command or a statement in it would be code that no test sees. */
const isReadOnly = ({ language, code }: CodeBlock): boolean =>
  plain.has(language) && !/^\s*(?:\$ |curl |make |npm |npx |kubectl |helm |docker |const |let |import |from |apiVersion:)/m.test(code)

/** Returns the blocks that no runner takes and no exception names, as a sentence each. */
export function orphans(pages: readonly Page[], runners: readonly BlockRunner[]): readonly string[] {
  return pages
    .flatMap((page) => codeBlocks(page))
    .filter((block) => !isReadOnly(block) && !runners.some(({ takes }) => takes(block)) && !isExcepted(block))
    .map(({ page, line, language }) => `${page}:${line}: no test runs this block of ${language || 'no language'}`)
}

const isExcepted = (block: CodeBlock): boolean => exceptions.some((exception) => isAbout(exception, block))

export const isAbout = ({ page, contains }: Exception, block: CodeBlock): boolean => block.page === page && block.code.includes(contains)
