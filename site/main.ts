/** `make docs-site` builds the documentation as a site, and `--serve` shows it while its pages are written. */
import { globSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArguments, type SiteCommand, usage } from './arguments.ts'
import { root } from './pages.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

async function run(command: SiteCommand): Promise<void> {
  if (command.kind === 'help') return console.log(usage)
  // Vue decides when it is loaded whether it warns a developer. So nothing that loads Vue is imported before this line.
  process.env['NODE_ENV'] = command.kind === 'build' ? 'production' : 'development'
  const [{ generatePages }, { build, createServer }] = [await import('./generate.ts'), await import('vitepress')]
  const startedAtMs = Date.now()
  console.log('Writing the pages of the HTTP API and of the packages ...')
  await generatePages()
  if (command.kind === 'serve') {
    const server = await createServer(here, { base: command.base, port: command.port, host: '127.0.0.1' })
    await server.listen()
    return server.printUrls()
  }
  const outDir = resolve(root, command.out)
  await build(here, { base: command.base, outDir })
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(0)
  console.log(`${describeFolder(outDir)} in ${seconds} s: ${command.out}`)
}

function describeFolder(folder: string): string {
  const files = globSync('**/*', { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile())
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  const pages = files.filter(({ name }) => name.endsWith('.html')).length
  return `${pages} pages, ${(bytes / 1024 / 1024).toFixed(1)} MB`
}

const command = parseArguments(process.argv.slice(2))
if (command.ok) await run(command.value)
else {
  console.error(`${command.error} \`make docs-site ARGS=--help\` lists the flags.`)
  process.exitCode = 2
}
