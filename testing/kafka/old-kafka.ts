import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const installations = fileURLToPath(new URL('../../.interop/', import.meta.url))
const installTimeoutMs = 600_000

const howToGetIt =
  'Install Java 17 and Maven (Debian: apt-get install openjdk-17-jre-headless maven), and let Maven reach its repository or a mirror (settings.xml).'

/**
 * Returns the command `kafka-server FILE` of another version of Kafka. Maven gets its jars into `.interop/` at the first call.
 * @throws with what to install when Java or Maven is missing, or Maven gets no jars
 */
export async function installKafka(version: string): Promise<string> {
  const folder = join(installations, `kafka-${version}`)
  const command = join(folder, 'kafka-server')
  if (existsSync(command)) return command
  await mkdir(installations, { recursive: true })
  // A folder of its own until it is complete, so that an interrupted download leaves no broken installation.
  const draft = await mkdtemp(join(installations, 'draft-'))
  try {
    await fetchJars(version, draft)
    await writeFile(join(draft, 'kafka-server'), serverScript)
    await chmod(join(draft, 'kafka-server'), 0o755)
    await rename(draft, folder).catch((cause: unknown) => {
      if (!existsSync(command)) throw cause // else another run was first
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return command
}

async function fetchJars(version: string, folder: string): Promise<void> {
  await writeFile(join(folder, 'pom.xml'), pom(version))
  try {
    await run('java', ['-version'])
    await run(
      'mvn',
      [
        '--batch-mode',
        '--quiet',
        '--file',
        join(folder, 'pom.xml'),
        'dependency:copy-dependencies',
        `-DoutputDirectory=${join(folder, 'libs')}`,
      ],
      { timeout: installTimeoutMs },
    )
  } catch (cause) {
    throw new Error(`Kafka ${version} could not be fetched. ${howToGetIt}\n${String(cause).slice(0, 2_000)}`, { cause })
  }
}

/** Broker, and a logger that writes to its output. */
const pom = (version: string): string => `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>dev.carillon</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version>
      <exclusions><exclusion><groupId>org.slf4j</groupId><artifactId>slf4j-reload4j</artifactId></exclusion></exclusions>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

const serverScript = `#!/bin/sh
set -eu
libs=$(cd "$(dirname "$0")" && pwd)/libs
# shellcheck disable=SC2086 # options are words
kafka() { "$@" $KAFKA_HEAP_OPTS $KAFKA_OPTS -Dorg.slf4j.simpleLogger.logFile=System.out -cp "$libs/*" $main; }
main="kafka.tools.StorageTool format --ignore-formatted --cluster-id $CLUSTER_ID --config $1"
kafka java
main="kafka.Kafka $1"
kafka exec java
`
