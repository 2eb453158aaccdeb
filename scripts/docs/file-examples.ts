import { type CodeBlock, codeBlocks, fileNameOf, readPages } from './pages.ts'

/** How a test proves an example that is a file. */
export type Proof =
  /** It runs, and its event reaches a browser of the user `ann`, and no other user. */
  | 'emits'
  /** The same with a record in the channel's topic. */
  | 'produces'
  /** It compiles under strict, with the real types of its packages. */
  | 'compiles'
  /** The same, and examples.test.ts connects it to a gateway and sees it receive. */
  | 'receives'
  /** It answers an event as a Knative function does, and a gateway delivers its reply. */
  | 'replies'
  /** It is settings of a bundler, which examples.test.ts parses. */
  | 'parses'

export interface FileExample {
  readonly page: string
  readonly file: string
  readonly proof: Proof
}

/** Every block of code with a name has a row, which file-examples.test.ts checks. `interop/pages` proves all but `parses`. */
export const fileExamples: readonly FileExample[] = [
  { page: 'docs/browser.md', file: 'vite.config.ts', proof: 'parses' },
  { page: 'docs/browser.md', file: 'webpack.config.js', proof: 'parses' },
  ...['emit.py', 'emit_cloudevent.py'].map((file) => ({ page: 'docs/emit-from-python.md', file, proof: 'emits' as const })),
  { page: 'docs/emit-from-python.md', file: 'produce.py', proof: 'produces' },
  ...['emit.go', 'emit_cloudevent.go'].map((file) => ({ page: 'docs/emit-from-go.md', file, proof: 'emits' as const })),
  { page: 'docs/emit-from-go.md', file: 'produce.go', proof: 'produces' },
  { page: 'docs/emit-from-java.md', file: 'Emit.java', proof: 'emits' },
  { page: 'docs/emit-from-java.md', file: 'Produce.java', proof: 'produces' },
  ...['emit.mjs', 'emit-cloudevent.mjs'].map((file) => ({ page: 'docs/emit-from-node.md', file, proof: 'emits' as const })),
  { page: 'docs/emit-from-node.md', file: 'produce.mjs', proof: 'produces' },
  { page: 'docs/knative.md', file: 'add-audience.mjs', proof: 'replies' },
  ...['socketio', 'centrifugo', 'mercure'].flatMap((name) => {
    const page = `docs/migrate-from-${name}.md`
    return [
      { page, file: 'before-server.ts', proof: 'compiles' as const },
      { page, file: 'after-server.ts', proof: 'emits' as const },
      { page, file: 'before-client.ts', proof: 'compiles' as const },
      { page, file: 'after-client.ts', proof: 'receives' as const },
    ]
  }),
  ...[
    'carillon.ts',
    'Orders.tsx',
    'App.tsx',
    'events.ts',
    'use-orders.ts',
    'Orders.vue',
    'orders.service.ts',
    'orders.component.ts',
    'Orders.svelte',
    'plain.ts',
  ].map((file) => ({
    page: 'docs/frameworks.md',
    file,
    proof: 'compiles' as const,
  })),
]

/** A row, with the block of the page. */
export interface FileBlock extends FileExample {
  readonly code: string
}

/**
 * Returns the blocks of docs/ that are files, other than files of YAML, which channels.test.ts and the readers have. READMEs of packages are
 * left to packages.test.ts.
 */
export function fileBlocks(): readonly (CodeBlock & { readonly file: string })[] {
  return readPages()
    .filter(({ path }) => path.startsWith('docs/'))
    .flatMap(codeBlocks)
    .flatMap((block) => {
      const file = fileNameOf(block)
      return file === null || block.language === 'yaml' ? [] : [{ ...block, file }]
    })
}

/** Returns the rows of one proof with their blocks. @throws when a page has no such block, or more than one */
export function examplesOf(proof: Proof): readonly FileBlock[] {
  const blocks = fileBlocks()
  return fileExamples
    .filter((row) => row.proof === proof)
    .map((row) => {
      const [block, ...others] = blocks.filter(({ page, file }) => page === row.page && file === row.file)
      if (block === undefined || others.length > 0)
        throw new Error(
          `${row.page} has ${others.length + (block === undefined ? 0 : 1)} blocks of the name ${row.file}, and one was expected`,
        )
      return { ...row, code: block.code }
    })
}

/** Returns true for a block that `interop/pages` alone proves: examples.test.ts and examples.browser.test.ts leave it out. */
export const isProvedElsewhere = (block: CodeBlock): boolean =>
  fileExamples.some(
    ({ page, file, proof }) => proof !== 'parses' && proof !== 'receives' && page === block.page && file === fileNameOf(block),
  )
