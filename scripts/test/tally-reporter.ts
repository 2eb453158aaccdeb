import type { Reporter, TestModule, TestSuite, SerializedError } from 'vitest/node'
import { relative } from 'node:path'
import type { FileReport, RunReport } from './outcome.ts'

/** A reporter of vitest: sends the whole run to the parent process, which counts it (run-vitest.ts). */
// oxlint-disable-next-line import/no-default-export -- vitest takes the default export of a reporter's file
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const report: RunReport = { files: modules.map(fileReportOf), unhandledErrors: unhandledErrors.map(textOf) }
    process.send?.(report)
  }
}

function fileReportOf(module: TestModule): FileReport {
  return {
    path: relative(module.project.vitest.config.root, module.moduleId),
    state: module.state(),
    errors: [module, ...module.children.allSuites()].flatMap(errorsOf),
    tests: [...module.children.allTests()].map((test) => {
      const { state, errors = [] } = test.result()
      return { title: test.fullName, state, errors: errors.map(textOf) }
    }),
  }
}

const errorsOf = (task: TestModule | TestSuite): readonly string[] => task.errors().map(textOf)
const textOf = ({ stack, message }: SerializedError): string => stack ?? message
