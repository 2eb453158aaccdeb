import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findMissingTools, goPart, installParts, nodePart, type Part, pythonPart, runInstaller, toolRemedies } from '../parts.ts'
import { places } from './places.ts'

const clients = fileURLToPath(new URL('clients', import.meta.url))

const installJdk = 'Install a JDK 17 or later; on Debian: apt-get install openjdk-17-jdk-headless.'

/** Remedies for the tools of Java. */
export const javaRemedies = { javac: `javac is missing. ${installJdk}`, java: `java is missing. ${installJdk}` } as const

/** Installs what the suites lack. @throws with a remedy when a toolchain is missing, and when a part fails */
export async function install(say: (line: string) => void): Promise<void> {
  const parts = [
    pythonPart(join(clients, 'python/requirements.txt'), places.python),
    pythonPart(join(clients, 'python/requirements-cloudevents-1.txt'), places.pythonCloudEvents1),
    nodePart(join(clients, 'node'), places.node),
    goPart(join(clients, 'go'), places.goBinary),
    javaPart(join(clients, 'java/Clients.java')),
  ]
  const remedies = { ...toolRemedies, ...javaRemedies, curl: 'curl is missing. On Debian: apt-get install curl.' }
  await installParts(parts, findMissingTools(remedies), say)
}

const javaPart = (source: string): Part => ({
  what: `the Java program ${source}`,
  sources: [source],
  tool: ['javac', '--version'],
  folder: places.java,
  run: () => runInstaller('javac', ['-d', places.java, source]),
})
