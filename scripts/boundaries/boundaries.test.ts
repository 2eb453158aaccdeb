import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folders } from './render-folders.ts'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'

/**
 * A boundary that no code crosses looks like a boundary that no rule watches: a parser that cannot read TypeScript reports no violation.
 * So each rule is crossed here, in a copy of the layout, and each folder tries every arrow to every other folder.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))

/** The file of a row that others import. */
const doorOf = (path: string): string => (path.endsWith('.ts') ? path : `${path}/door.ts`)
/** The file of a row that imports the doors of all others. */
const importerOf = (path: string, kind: 'values' | 'types'): string => (path.endsWith('.ts') ? path : `${path}/imports-${kind}.ts`)

function importAll(path: string, kind: 'values' | 'types'): string {
  const from = importerOf(path, kind)
  const others = folders.filter((other) => other.path !== path)
  return others
    .map((other, index) => {
      const specifier = posix.relative(posix.dirname(from), doorOf(other.path))
      return `export ${kind === 'types' ? 'type ' : ''}{ Door as Door${index} } from '${specifier.startsWith('.') ? specifier : `./${specifier}`}'\n`
    })
    .join('')
}

const doorText = 'export class Door {}\n'
const arrowFiles = folders.flatMap(({ path }) =>
  path.endsWith('.ts')
    ? [[path, `${importAll(path, 'values')}${doorText}`] as const]
    : [
        [doorOf(path), doorText] as const,
        [importerOf(path, 'values'), importAll(path, 'values')] as const,
        [importerOf(path, 'types'), importAll(path, 'types')] as const,
      ],
)

const crossings: readonly (readonly [rule: string, file: string, source: string])[] = [
  ['no-circular', 'gateway/event/circle-a.ts', "import { b } from './circle-b.ts'\nexport const a = (): number => b()\n"],
  [
    'no-circular',
    'gateway/event/type-circle-a.ts',
    "import type { B } from './type-circle-b.ts'\nexport interface A { readonly b?: B }\nexport const a = 1\n",
  ],
  ['core-touches-no-machine', 'gateway/session/to-file.ts', "import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n"],
  ['core-touches-no-machine', 'gateway/auth/to-network.ts', "export const load = () => import('node:http')\n"],
  [
    'core-touches-no-machine',
    'gateway/emit/to-file.ts',
    "export const f = async () => { await using file = await (await import('node:fs/promises')).open('x'); return file.fd }\n",
  ],
  [
    'operator-core-touches-no-machine',
    'operator/runtime/to-file.ts',
    "import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n",
  ],
  [
    'client-node-only-in-its-adapter',
    'operator/runtime/to-client.ts',
    "import { KubeConfig } from '@kubernetes/client-node'\nexport const k = KubeConfig\n",
  ],
  ['cdk8s-only-in-its-adapter', 'operator/reconcile/to-cdk8s.ts', "import { App } from 'cdk8s'\nexport const a = App\n"],
  ['no-test-code-in-production', 'operator/reconcile/to-double.ts', "export { double } from '../../gateway/testing/double.ts'\n"],
  ['only-the-root-starts', 'scripts/to-operator.ts', "import '../operator/main.ts'\n"],
  ['only-the-root-starts', 'scripts/to-cli.ts', "import '../cli/main.ts'\n"],
  ['only-the-root-starts', 'bench/to-main.ts', "import '../gateway/main.ts'\n"],
  ['kafkajs-only-in-its-adapter', 'gateway/channel/to-kafka.ts', "import { Kafka } from 'kafkajs'\nexport const K = Kafka\n"],
  [
    'kafkajs-only-in-its-adapter',
    'gateway/channel/to-codec.ts',
    "import { crc32c } from '@platformatic/wasm-utils'\nexport const c = crc32c\n",
  ],
  [
    'ws-only-in-its-adapter',
    'gateway/adapters/http/to-library.ts',
    "import { WebSocketServer } from 'ws'\nexport const W = WebSocketServer\n",
  ],
  ['ws-only-in-its-adapter', 'gateway/session/to-types.ts', "import type { WebSocket } from 'ws'\nexport type W = WebSocket\n"],
  ['fastify-only-in-its-adapter', 'gateway/emit/to-fastify.ts', "import { fastify } from 'fastify'\nexport const f = fastify\n"],
  ['jose-only-in-its-adapter', 'gateway/auth/to-jose.ts', "import { jwtVerify } from 'jose'\nexport const j = jwtVerify\n"],
  ['ajv-only-in-its-adapter', 'gateway/upstream/to-ajv.ts', "import { Ajv2020 } from 'ajv/dist/2020.js'\nexport const a = Ajv2020\n"],
  [
    'prom-client-only-in-its-adapter',
    'gateway/channel/to-prometheus.ts',
    "import { Registry } from 'prom-client'\nexport const r = Registry\n",
  ],
  [
    'prom-client-only-in-its-adapter',
    'operator/observability/to-prometheus.ts',
    "import { Registry } from 'prom-client'\nexport const r = Registry\n",
  ],
  ['pino-only-in-its-adapter', 'gateway/channel/to-pino.ts', "import { pino } from 'pino'\nexport const p = pino\n"],
  [
    'virtual-core-only-in-its-adapter',
    'gateway/console/page/to-list.ts',
    "import { Virtualizer } from '@tanstack/virtual-core'\nexport const v = Virtualizer\n",
  ],
  [
    'opentelemetry-only-in-its-adapter',
    'gateway/channel/to-traces.ts',
    "import { trace } from '@opentelemetry/api'\nexport const t = trace\n",
  ],
  ['client-stands-alone', 'client/to-gateway.ts', "import type { Page } from '../gateway/console/page.ts'\nexport type P = Page\n"],
  ['react-stands-on-the-client', 'react/to-client.ts', "import { inside } from '../client/inside.ts'\nexport const i = inside\n"],
  ['react-stands-on-the-client', 'react/to-dom.ts', "import { createRoot } from 'react-dom/client'\nexport const r = createRoot\n"],
  ['react-only-in-its-adapter', 'gateway/console/to-react.ts', "import { useState } from 'react'\nexport const u = useState\n"],
  ['no-test-code-in-production', 'react/to-double.ts', "export { double } from '../gateway/testing/double.ts'\n"],
  ['no-test-code-in-production', 'gateway/channel/to-double.ts', "export { double } from '../testing/double.ts'\n"],
  ['no-dev-dependency-in-production', 'gateway/console/to-dev.ts', "import { build } from 'esbuild'\nexport const b = build\n"],
  ['product-knows-no-tools', 'cli/to-script.ts', "export { tool } from '../scripts/tool.ts'\n"],
  ['no-test-code-in-production', 'cli/to-double.ts', "export { double } from '../gateway/testing/double.ts'\n"],
  ['product-knows-no-tools', 'gateway/console/to-script.ts', "export { tool } from '../../scripts/tool.ts'\n"],
  ['product-knows-no-tools', 'gateway/channel/to-interop.ts', "export { tool } from '../../interop/tool.ts'\n"],
  ['not-unresolvable', 'gateway/event/to-nowhere.ts', "export { nothing } from './nowhere.ts'\n"],
]

/** Half of a circle that a crossing above closes. */
const otherHalves: readonly (readonly [file: string, source: string])[] = [
  ['gateway/event/circle-b.ts', "import { a } from './circle-a.ts'\nexport const b = (): number => a()\n"],
  ['gateway/event/type-circle-b.ts', "import { a } from './type-circle-a.ts'\nexport type B = typeof a\n"],
]

const allowed: readonly (readonly [file: string, source: string])[] = [
  ['gateway/event/plain.ts', 'export const a = 1\n'],
  [
    'gateway/adapters/ws/fine.ts',
    "import { WebSocket } from 'ws'\nimport { a } from '../../event/plain.ts'\nexport const sent = [WebSocket, a]\n",
  ],
  [
    'gateway/channel/fine.test.ts',
    "import { WebSocket } from 'ws'\nimport { readFileSync } from 'node:fs'\nexport { double } from '../testing/double.ts'\nexport const used = [WebSocket, readFileSync]\n",
  ],
  ['gateway/console/page.ts', 'export interface Page { readonly title: string }\n'],
  ['gateway/testing/double.ts', 'export const double = 1\n'],
  [
    'operator/adapters/kubernetes/fine.ts',
    "import { KubeConfig } from '@kubernetes/client-node'\nimport { table } from '../../../api/table.ts'\nexport const api = [KubeConfig, table]\n",
  ],
  ['operator/adapters/kafka/fine.ts', "export { client } from '../../../gateway/adapters/kafka/client.ts'\n"],
  ['gateway/adapters/kafka/client.ts', 'export const client = 1\n'],
  ['api/table.ts', 'export const table = 1\n'],
  [
    'operator/reconcile/plan/plan.ts',
    "import { table } from '../../../api/table.ts'\nimport { operands } from '../../../cdk8s/operands/fine.ts'\nexport const plan = [table, operands]\n",
  ],
  [
    'cdk8s/operands/fine.ts',
    "import { App } from 'cdk8s'\nimport { table } from '../../api/table.ts'\nexport const operands = [App, table]\n",
  ],
  ['operator/main.ts', "export { api } from './adapters/kubernetes/fine.ts'\n"],
  ['cli/main.ts', "export { connect } from '../client/fine.ts'\n"],
  ['client/fine.ts', 'export const connect = 1\n'],
  ['client/inside.ts', 'export const inside = 1\n'],
  ['client/index.ts', "export { connect } from './fine.ts'\n"],
  [
    'react/fine.ts',
    "import { useState } from 'react'\nimport { connect } from '../client/index.ts'\nexport const used = [useState, connect]\n",
  ],
  ['gateway/main.ts', "export { sent } from './adapters/ws/fine.ts'\n"],
  ['scripts/tool.ts', 'export const tool = 1\n'],
  ['interop/tool.ts', "import { Kafka } from 'kafkajs'\nexport const tool = Kafka\n"],
]

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string; readonly severity: string }
}

describe('the boundaries of dependency-cruiser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-boundaries-'))
  let violations: readonly Violation[] = []

  beforeAll(() => {
    for (const name of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.json', 'scripts/boundaries/folders.cjs'])
      cpSync(join(root, name), join(folder, name))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const [file, source] of [...crossings.map(([, name, text]) => [name, text] as const), ...otherHalves, ...allowed, ...arrowFiles]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), source)
    }
    const report = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
        '--config',
        '.dependency-cruiser.cjs',
        '--output-type',
        'json',
        'api',
        'program',
        'gateway',
        'operator',
        'cdk8s',
        'client',
        'react',
        'cli',
        'bench',
        'interop',
        'scripts',
      ],
      { cwd: folder, maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'ignore'] },
    )
    // The JSON reporter's documented shape.
    violations = (JSON.parse(report.stdout.toString()) as { readonly summary: { readonly violations: readonly Violation[] } }).summary
      .violations
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(crossings)('%s stops %s', (rule, file) => {
    expect(
      violations.filter(({ from, rule: broken }) => from === file && broken.severity === 'error').map(({ rule: broken }) => broken.name),
    ).toContain(rule)
  })

  describe.each(folders)('the code of $path', ({ path, imports }) => {
    const forbidden = folders.map((other) => other.path).filter((other) => other !== path && !imports.includes(other))

    test.each(path.endsWith('.ts') ? (['values'] as const) : (['values', 'types'] as const))(
      'may import %s of itself and of what its row names, and of no other folder',
      (kind) => {
        const refused = violations
          .filter(({ from, rule }) => from === importerOf(path, kind) && rule.name.startsWith('arrows-of-'))
          .map(({ to }) => to)
        expect(refused.toSorted()).toEqual(forbidden.map(doorOf).toSorted())
      },
    )
  })

  it('has each row below the rows that it imports, but for a folder with its parts and one pair', () => {
    const place = new Map(folders.map(({ path }, index) => [path, index]))
    const later = folders.flatMap(({ path, imports }, index) =>
      imports.filter((other) => (place.get(other) ?? 0) > index && !other.startsWith(`${path}/`)).map((other) => `${path} -> ${other}`),
    )
    expect(later).toEqual(['operator/runtime -> operator/observability'])
  })

  it('knows every folder that a row names', () => {
    const paths = folders.map(({ path }) => path)
    expect(folders.flatMap(({ imports }) => imports).filter((path) => !paths.includes(path))).toEqual([])
  })

  test.each(allowed)('%s is let through', (file) => {
    expect(violations.filter(({ from, rule }) => from === file && rule.severity === 'error')).toEqual([])
  })
})
