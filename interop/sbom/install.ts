import { join } from 'node:path'
import { findMissingTools, installParts, pythonPart, toolRemedies } from '../parts.ts'
import { places } from './places.ts'

/** Installs what the suite lacks. @throws with a remedy when a tool is missing, and when a part fails */
export async function install(say: (line: string) => void): Promise<void> {
  const remedies = {
    python3: toolRemedies.python3,
    npm: toolRemedies.npm,
    docker: 'docker is missing. Install it: https://docs.docker.com/engine/install/.',
  }
  await installParts([pythonPart(join(places.validators, 'requirements.txt'), places.python)], findMissingTools(remedies), say)
}
