import { useCodeCache } from './code-cache.ts';

useCodeCache(import.meta.dirname);
void import('./cli.ts');
