import { isExecutable } from '../../scripts/find-command.ts'
import { findMissingTools, installParts, nodePart, toolRemedies } from '../parts.ts'
import { places, projectNames } from './places.ts'

const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Installs what the projects bring: bundlers, compilers, React, cdk8s and versions of Node.js. @throws with a remedy when a tool is missing */
export async function install(say: (line: string) => void): Promise<void> {
  const missing = [
    ...findMissingTools({ npm: toolRemedies.npm }),
    ...(isExecutable(chromium)
      ? []
      : [`${chromium} is missing. Install Chromium, or name another in CHROMIUM; on Debian: apt-get install chromium.`]),
  ]
  const parts = projectNames.map((name) => nodePart(places.source(name), places.project(name)))
  await installParts(parts, missing, say)
}
