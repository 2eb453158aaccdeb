/** Runs the benchmarks and prints one table. `node bench/main.ts [name...] [--quick]`; figures never make it fail. */
import { readdirSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type Bench, renderTable, type Row } from './lib/bench.ts'

/** Each file beside this one is a benchmark of its name: it exports `bench`. */
const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .toSorted()

const usage = `Usage: node bench/main.ts [--quick] [NAME...]\n\nBenchmarks: ${names.join(', ')}. Without a name, all of them.\n--quick takes a minute and shows that they work; its figures are not worth quoting.`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const unknown = positionals.filter((name) => !names.includes(name))
  if (values.help || unknown.length > 0) {
    console.log(unknown.length > 0 ? `There is no benchmark ${unknown.join(', ')}.\n\n${usage}` : usage)
    process.exitCode = unknown.length > 0 ? 2 : 0
    return
  }
  const rows: Row[] = []
  for (const name of positionals.length > 0 ? positionals : names) rows.push(...(await run(name, values.quick)))
  const [processor] = cpus()
  console.log(
    `\n${renderTable(rows)}\n\nNode.js ${process.versions.node}, ${process.platform} ${release()}, ${cpus().length} x ${processor?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB${values.quick ? '; quick' : ''}`,
  )
}

async function run(name: string, isQuick: boolean): Promise<readonly Row[]> {
  // All files in `names` export it.
  const { bench } = (await import(`./${name}.ts`)) as { readonly bench: Bench }
  console.error(`${name}: ${bench.title}`)
  try {
    return await bench.run({ isQuick, say: (line) => console.error(`  ${line}`) })
  } catch (error) {
    console.error(error)
    return [{ measure: name, ours: 'could not be measured', other: '', ratio: '', target: '', verdict: 'missed' }]
  }
}

await main()
