import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isExecutable } from '../../scripts/find-command.ts'
import { howToGetChromium, howToGetKafka } from '../../scripts/test/suites.ts'
import { chromiumPath } from '../../testing/engines/commands.ts'
import { javaRemedies } from '../http/install.ts'
import { findMissingTools, installParts, nodePart, type Part, pythonPart, runInstaller, toolRemedies } from '../parts.ts'
import { places } from './places.ts'

const pins = fileURLToPath(new URL('examples', import.meta.url))

/** Installs what the examples of the pages need. @throws with a remedy when a toolchain is missing, and when a part fails */
export async function install(say: (line: string) => void): Promise<void> {
  const parts = [
    pythonPart(join(pins, 'python/requirements.txt'), places.python),
    nodePart(join(pins, 'node'), places.node),
    goModulePart(join(pins, 'go')),
  ]
  const remedies = { ...toolRemedies, ...javaRemedies, 'kafka-server': `kafka-server is missing. ${howToGetKafka}` }
  const chromium = chromiumPath(process.env)
  const missing = isExecutable(chromium) ? [] : [`Chromium is missing at ${chromium}: ${howToGetChromium}`]
  await installParts(parts, [...findMissingTools(remedies), ...missing], say)
}

/** Packages that the pages import. */
const goPackages = ['net/http', 'github.com/cloudevents/sdk-go/v2', 'github.com/twmb/franz-go/pkg/kgo']

/** Returns the part with a Go module without a program: each page brings its own `main.go`. */
function goModulePart(source: string): Part {
  const sources = ['go.mod', 'go.sum'].map((name) => join(source, name))
  return {
    what: `the Go modules of ${source}`,
    sources,
    folder: places.go,
    run: async () => {
      for (const path of sources) cpSync(path, join(places.go, path.slice(source.length)))
      await runInstaller('go', ['mod', 'download'], places.go)
      // A program of a page then compiles in seconds: its packages are in Go's cache.
      await runInstaller('go', ['build', ...goPackages], places.go)
    },
  }
}
