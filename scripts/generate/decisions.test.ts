import { describe, expect, it } from 'vitest'
import { parseDecision, renderDecisions } from './decisions.ts'

const page = (number: string): string => `# ${number}: One log\n\nStatus: accepted\n\n## Question\n`

describe('the list of decisions', () => {
  it('has number, title and status of each page', () => {
    const decision = parseDecision('0003-one-log.md', page('0003'))
    expect(decision).toEqual({ file: '0003-one-log.md', number: '0003', title: 'One log', status: 'accepted' })
    expect(renderDecisions([decision])).toContain('| [0003](0003-one-log.md) | One log | accepted |\n')
  })

  it('refuses a page without the form, a page whose name has another number, and a number that is there twice', () => {
    expect(() => parseDecision('0003-one-log.md', '# One log\n')).toThrow(
      'docs/adr/0003-one-log.md must begin as docs/adr/template.md does',
    )
    expect(() => parseDecision('0004-one-log.md', page('0003'))).toThrow('docs/adr/0004-one-log.md has the number 0003')
    const same = ['0003-one-log.md', '0003-two-logs.md'].map((file) => parseDecision(file, page('0003')))
    expect(() => renderDecisions(same)).toThrow('two decisions of the number 0003')
  })
})
