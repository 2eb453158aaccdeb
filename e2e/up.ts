/** `make up`: a kind cluster with Kafka, Traefik, the operator and a channel. It may be run again at any time, and does only what is missing. */
import { runCommandLine } from './platform/command-line.ts'
import { bringUp } from './platform/bring-up.ts'
import { newPlatform } from './platform/open-platform.ts'
import { renderSummary } from './platform/summary.ts'

const what = 'Makes a kind cluster with Kafka, Traefik, the operator and a channel; run again, it does what is missing.'

process.exitCode = await runCommandLine(
  {
    name: 'up',
    what,
    run: async (options) => {
      const platform = await newPlatform(options, process.env)
      const startedMs = Date.now()
      const isUp = await bringUp(platform, console.log)
      if (isUp) console.log(renderSummary(platform, (Date.now() - startedMs) / 1000))
      else
        console.error('\nIt is not up. Mend the above and run `make up` again: it goes on from there. `make down` takes everything away.')
      return isUp
    },
  },
  process.argv.slice(2),
  process.env,
)
