import { useSignal } from '@preact/signals';
import { Icon } from './icon.tsx';

const TOLD_MS = 2_000;

/** A command or a text to paste elsewhere, with the button that copies it. */
export function Command({ text }: { text: string }) {
  return (
    <span class="command">
      <code>{text}</code>
      <Copy text={text} what="command" />
    </span>
  );
}

export function Copy({ text, what }: { text: string; what: string }) {
  const told = useSignal('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      told.value = 'Copied';
    } catch {
      // The browser refuses where the page is not focused, or not served from a place it trusts.
      told.value = 'Select it, and copy it by hand';
    }
    setTimeout(() => {
      told.value = '';
    }, TOLD_MS);
  };
  return (
    <button type="button" class="quiet" onClick={copy}>
      <Icon name="copy" />
      <span aria-live="polite">{told.value || 'Copy'}</span>
      <span class="hidden"> the {what}</span>
    </button>
  );
}
