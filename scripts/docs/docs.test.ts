import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gatewayOptions } from '../../gateway/config/bind-options.ts'
import { options, type Option } from '../../gateway/config/options.ts'
import { metrics } from '../../gateway/observability/metrics.ts'
import { problems } from '../../gateway/request/problem.ts'
import { closeCodes } from '../../gateway/session/close-codes.ts'
import { operatorOptions } from '../../operator/config/options.ts'
import { operatorMetrics } from '../../operator/observability/metrics.ts'
import { parseEmitTest } from '../kafka/emit-test-options.ts'
import { anchorsOf, codeBlocks, codeOf, type Page, proseOf, readPages, root } from './pages.ts'

/** Everything that the pages name exists. examples.test.ts and examples.browser.test.ts run what they show. */

const pages = readPages()
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const optionTable: readonly Option[] = [...Object.values(options), ...Object.values(operatorOptions)]
const optionNames = new Set(optionTable.map(({ env }) => env))

/** Returns every match of the pattern in all pages, with its page. */
function named(
  pattern: RegExp,
  textOf: (page: Page) => string = ({ text }) => text,
): readonly { readonly page: string; readonly name: string }[] {
  return pages.flatMap((page) =>
    [...textOf(page).matchAll(pattern)].map((match) => ({
      page: page.path,
      name: match.slice(1).find((group) => group !== undefined) ?? match[0],
    })),
  )
}

const code = (page: Page): string => codeOf(page).join('\n')

describe('a link', () => {
  const links = named(/\]\(([^)\s]+)\)/g, (page) => proseOf(page).replaceAll(/(`+)[^\n]*?\1/g, 'code')).filter(
    ({ name }) => !/^[a-z]+:/.test(name),
  )

  it('leads to a file that exists', () => {
    expect(links.length).toBeGreaterThan(40)
    const dead = links.filter(({ page, name }) => !name.startsWith('#') && !existsSync(join(root, dirname(page), name.replace(/#.*/, ''))))
    expect(dead).toEqual([])
  })

  it('leads to a heading that exists', () => {
    const dead = links.filter(({ page, name }) => {
      const [file = '', anchor] = name.split('#')
      if (anchor === undefined) return false
      const target = file === '' ? page : normalize(join(dirname(page), file))
      const found = pages.find(({ path }) => path === target)
      return found !== undefined && !anchorsOf(found).includes(anchor)
    })
    expect(dead).toEqual([])
  })
})

describe('a page', () => {
  it('names only targets of make', () => {
    const targets = [...read('Makefile').matchAll(/^([a-z0-9-]+):/gm)].map(([, target]) => target)
    const all = named(/\bmake ([a-z][a-z0-9-]*)/g, code)
    expect(all.length).toBeGreaterThan(30)
    expect(all.filter(({ name }) => !targets.includes(name))).toEqual([])
  })

  it('names only scripts of npm', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: object } // a file of ours
    expect(named(/\bnpm run ([\w:-]+)/g).filter(({ name }) => !(name in scripts))).toEqual([])
  })

  it('names only options of the gateway or the operator, and variables of others', () => {
    const foreign =
      /^(OTEL_\w+|CARILLON_(?:EMIT_)?TOKEN|NODE_EXTRA_CA_CERTS|NODE_OPTIONS|HTTPS?_PROXY|E2E_CLUSTER|KAFKA_HOME|KUBEBUILDER_ASSETS|SEC_\w+|(?:NODE|DEBIAN)_IMAGE|UTF_8)$/
    const all = named(/(?<![\w*])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w*]|\.md\b)/g) // RELEASE_NOTES.md is a file
    expect(all.length).toBeGreaterThan(100)
    expect(all.filter(({ name }) => !optionNames.has(name) && !foreign.test(name))).toEqual([])
  })

  it('names only metrics of the gateway and the operator', () => {
    const series = [...Object.values(metrics), ...Object.values(operatorMetrics)].flatMap(({ name }) => [
      name,
      `${name}_bucket`,
      `${name}_sum`,
      `${name}_count`,
    ])
    const all = named(/\bcarillon_[a-z_]+\b/g)
    // Names of record headers look the same.
    const headers = read('gateway/adapters/kafka/dead-letters/dead-letter-copy.ts') + read('gateway/event/record-header.ts')
    const isKnown = (name: string): boolean => series.includes(name) || name === 'carillon_build_info' || headers.includes(`'${name}'`)
    expect(all.filter(({ name }) => !isKnown(name))).toEqual([])
  })

  it('names only close codes of the table', () => {
    const codes = Object.values(closeCodes).map(({ code: number }) => String(number))
    // 4096 is excluded: it is a power of two.
    const all = named(/`(4(?!096)[0-2]\d\d)`|close codes? (4[0-2]\d\d)(?!-)/g)
    expect(all.length).toBeGreaterThan(15)
    expect(all.filter(({ name }) => !codes.includes(name))).toEqual([])
  })

  it('names only problems and control events that exist', () => {
    expect(named(/urn:carillon:problem:([a-z-]+)/g).filter(({ name }) => !(name in problems))).toEqual([])
    const control = ['session/control-events', 'inbound/renew-token', 'inbound/subscribe']
      .map((file) => read(`gateway/${file}.ts`))
      .join('')
    expect(named(/dev\.carillon\.[a-z-]+/g).filter(({ name }) => !control.includes(`'${name}'`))).toEqual([])
  })

  it('names only files that exist', () => {
    const folders =
      'gateway|operator|cdk8s|charts|client|scripts|bench|docs|\\.ci|config|event|audience|replay|hub|session|emit|auth|adapters|observability|console|testing'
    const all = named(new RegExp(`(?<=^|[\\s\`])((?:${folders})/[\\w./{},*-]*)`, 'gm')).filter(
      ({ name }) => !/[A-Z]{3,}/.test(name.replace('README', '')),
    )
    const isThere = (name: string): boolean =>
      [name, `gateway/${name}`].some((path) => globSync([path, `${path}.ts`], { cwd: root }).length > 0)
    expect(all.length).toBeGreaterThan(60)
    expect(all.filter(({ name }) => !isThere(name.replace(/[.,]$/, '').replace(/\/$/, '')))).toEqual([])
  })

  it('quotes the titles of tests as they are', () => {
    const quoted = pages.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line) =>
          [...line.matchAll(/`([\w./-]+\.test\.ts)`: "([^"]+)"/g)].map(([, file = '', title = '']) => ({ path, file, title })),
        ),
    )
    expect(quoted.length).toBeGreaterThan(4)
    expect(
      quoted.filter(({ file, title }) => !title.split(' ... ').every((part) => read(file).replaceAll("\\'", "'").includes(part))),
    ).toEqual([])
  })
})

describe('a command that a page shows', () => {
  const lines = pages.flatMap((page) =>
    codeBlocks(page)
      .filter(({ language }) => language === 'sh')
      .flatMap((block) => block.code.split('\n').map((line) => ({ page: page.path, line: line.replace(/ +#.*/, '') }))),
  )

  it('gives emit-test valid flags', () => {
    const shown = lines.flatMap(({ line }) => /^make emit-test(?: ARGS=(.*))?$/.exec(line) ?? [])
    const all = shown
      .filter((_, index) => index % 2 === 1)
      .map((argument) =>
        (argument ?? '')
          .replaceAll('"', '')
          .split(' ')
          .filter((word) => word !== ''),
      )
    expect(all.length).toBeGreaterThan(2)
    expect(all.map((argv) => parseEmitTest(argv, { env: {}, readFile: () => '{}' })).filter(({ ok }) => !ok)).toEqual([])
  })

  it('gives the gateway valid flags', () => {
    const all = pages.flatMap((page) =>
      [...code(page).matchAll(/make start ARGS=("[^"]*"|\S+)/g)].map(([, argument = '']) => argument.replaceAll('"', '').split(' ')),
    )
    expect(all.map((argv) => gatewayOptions.parseCommandLine(argv)).filter(({ ok }) => !ok)).toEqual([])
  })
})
