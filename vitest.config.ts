import { defineConfig } from 'vitest/config'

/**
 * Time-outs of `expect.poll` and `vi.waitFor` (scripts/test/setup.ts): below the time limit of a test, so that the error names what did not
 * come.
 */
const waiting = (patienceMs: number): object => ({ expect: { poll: { timeout: patienceMs } }, provide: { patienceMs } })

/**
 * Tests stand beside the code: `x.test.ts` needs nothing, `x.kafka.test.ts` a real broker, `x.cluster.test.ts` several brokers that die,
 * `x.kubernetes.test.ts` a real API server, `x.browser.test.ts` a real Chromium, `x.engines.test.ts` Chromium, Firefox and WebKit,
 * `x.e2e.test.ts` a kind cluster, `x.interop.test.ts` foreign programs.
 */
// A failure is shown whole (`chaiConfig`): the next run may fail in another way.
const suite = (name: string, include: string[], more: object = {}) => ({
  test: {
    name,
    include,
    exclude: ['**/node_modules/**', '**/dist/**'],
    setupFiles: ['scripts/test/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    ...waiting(20_000),
    chaiConfig: { truncateThreshold: 1000 },
    ...more,
  },
})

// Long time limits, because tests do not measure how long things take on a shared machine.
const patient = { testTimeout: 600_000, hookTimeout: 600_000, ...waiting(120_000) }

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          ...suite('unit', ['{api,program,testing,gateway,client,react,cli,operator,cdk8s,e2e,interop,scripts,site,bench}/**/*.test.ts'])
            .test,
          exclude: [
            '**/node_modules/**',
            '**/dist/**',
            '**/*.kafka.test.ts',
            '**/*.cluster.test.ts',
            '**/*.browser.test.ts',
            '**/*.engines.test.ts',
            '**/*.kubernetes.test.ts',
            '**/*.e2e.test.ts',
            '**/*.interop.test.ts',
          ],
        },
      },
      suite('kafka', ['{testing,gateway,client,operator,e2e,scripts,bench}/**/*.kafka.test.ts'], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        fileParallelism: false,
      }),
      // These tests wait for sessions to expire rather than compute, so two files share the processors.
      suite('cluster', ['gateway/**/*.cluster.test.ts'], { testTimeout: 300_000, hookTimeout: 180_000, maxWorkers: 2 }),
      suite('kubernetes', ['{api,testing,operator,cdk8s,charts,cli,scripts}/**/*.kubernetes.test.ts'], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        fileParallelism: false,
      }),
      // Suites on one cluster, some at once; then, each alone, those that take the operator or the API server away.
      suite('e2e', ['e2e/**/*.e2e.test.ts'], {
        ...patient,
        exclude: ['**/node_modules/**', '**/*.alone.e2e.test.ts'],
        maxWorkers: 5,
        sequence: { groupOrder: 1 },
      }),
      suite('e2e-alone', ['e2e/**/*.alone.e2e.test.ts'], { ...patient, fileParallelism: false, sequence: { groupOrder: 2 } }),
      // Foreign programs share one broker, which `globalSetup` starts. Two suites run at once, for a machine of two processors.
      suite('interop-kafka', ['interop/kafka/**/*.interop.test.ts'], {
        testTimeout: 60_000,
        hookTimeout: 300_000,
        globalSetup: ['interop/kafka/testing/global-setup.ts'],
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
      }),
      suite('interop-http', ['interop/http/**/*.interop.test.ts'], {
        testTimeout: 90_000,
        hookTimeout: 300_000,
        globalSetup: ['interop/http/testing/global-setup.ts'],
        maxWorkers: 2,
        sequence: { groupOrder: 2 },
      }),
      // Compilers and bundlers take a processor each.
      suite('interop-packages', ['interop/packages/**/*.interop.test.ts'], {
        testTimeout: 180_000,
        hookTimeout: 300_000,
        globalSetup: ['interop/packages/testing/global-setup.ts'],
        maxWorkers: 2,
        sequence: { groupOrder: 4 },
      }),
      suite('interop-sbom', ['interop/sbom/**/*.interop.test.ts'], { ...patient, sequence: { groupOrder: 3 } }),
      // Compilers and a browser take a processor each.
      suite('interop-pages', ['interop/pages/**/*.interop.test.ts'], {
        testTimeout: 150_000,
        hookTimeout: 300_000,
        globalSetup: ['interop/pages/testing/global-setup.ts'],
        maxWorkers: 2,
        sequence: { groupOrder: 5 },
      }),
      suite('browser', ['{gateway,client,e2e,scripts,site,bench}/**/*.browser.test.ts'], { testTimeout: 60_000, fileParallelism: false }),
      suite('engines', ['{gateway,client,react,testing,scripts}/**/*.engines.test.ts'], {
        testTimeout: 300_000,
        hookTimeout: 120_000,
        ...waiting(60_000),
        fileParallelism: false,
      }),
    ],
  },
})
