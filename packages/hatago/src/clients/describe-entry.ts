import { visible, visibleCommand } from '@hatago/hub/control/trust/visible.ts';
import { isRecord } from '@hatago/protocol';

/** What an entry runs or reaches, in one line for a person; values of variables, headers and queries are not shown. */
export function describeEntry(entry: unknown): string {
  if (!isRecord(entry)) return '';
  if (typeof entry['url'] === 'string') return visible(withoutSecrets(entry['url']));
  const words = [entry['command'], entry['args']].flat().filter((word): word is string => typeof word === 'string');
  const names = isRecord(entry['env']) ? Object.keys(entry['env']) : [];
  const folder = typeof entry['cwd'] === 'string' ? `  in ${visible(entry['cwd'])}` : '';
  return `${visibleCommand(hideValues(words))}${names.length === 0 ? '' : `  with ${visible(names.join(', '))}`}${folder}`;
}

const withoutSecrets = (url: string): string => url.replace(/\?.*$/s, '?…').replace(/\/\/[^/@]*@/, '//…@');

const OPTION = /^--?[\w-]*(?:token|key|secret|passw|credential)[\w-]*/i;

/** The words of a command line without the values of options such as `--api-key`. */
function hideValues(words: readonly string[]): string[] {
  return words.map((word, i) => {
    const [option] = OPTION.exec(word) ?? [];
    if (option !== undefined && word[option.length] === '=') return `${option}=…`;
    const before = words[i - 1];
    const isValue = before !== undefined && !word.startsWith('-') && OPTION.exec(before)?.[0] === before;
    return isValue ? '…' : /^[a-z][\w+.-]*:\/\//i.test(word) ? withoutSecrets(word) : word;
  });
}
