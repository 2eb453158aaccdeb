/** A browser's engine, as far as a smoke test needs one. Hides the libraries that drive it. */
export interface Engine {
  openPage(): Promise<EnginePage>
  /** Idempotent. */
  close(): Promise<void>
}

export interface EnginePage {
  /** Loads a page, and resolves after its `load` event. */
  goto(url: string): Promise<void>
  /** Goes back in the page's history. */
  goBack(): Promise<void>
  /** Clicks with the mouse. Waits for the control. @throws when it does not appear, or stays disabled */
  click(control: Control): Promise<void>
  /** Replaces the text of a field, key by key. Waits for the field. @throws when it does not appear, or stays disabled */
  type(control: Control, text: string): Promise<void>
  /** Evaluates an expression in the page, and awaits it when it is a promise. @returns what JSON can carry of its value */
  evaluate(expression: string): Promise<unknown>
  /** Collects what the page no longer uses. Firefox lets no test do so; there it does nothing. */
  collectGarbage(): Promise<void>
  /** Errors, warnings and violations of the page's policy. WebKit knows them of pages alone that load the script of page-script.ts. */
  complaints(): Promise<readonly string[]>
  close(): Promise<void>
}

/** A control, as a user finds it: by the text of a button, or the label of a field. */
export interface Control {
  readonly kind: 'button' | 'field'
  /** Matches the whole name. */
  readonly name: RegExp
}

export const button = (name: RegExp): Control => ({ kind: 'button', name })
export const field = (name: RegExp): Control => ({ kind: 'field', name })
