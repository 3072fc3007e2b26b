import { SUFFIX } from './file-targets.ts';
import type { FileTree } from './file-tree.ts';

/**
 * Of a tree, what was named itself and what is named as sealed files are.
 *
 * A directory with nothing of the kind is passed over, and so told: it may be another one than was meant.
 *
 * @param path Of the tree.
 */
export function sealedFilesOf(path: string, tree: FileTree): FileTree {
  const files = tree.files.filter(({ isNamed, name }) => isNamed || name.endsWith(SUFFIX));
  if (files.length > 0 || tree.passedOver.length > 0) return { ...tree, files };
  return { ...tree, files, passedOver: [{ path, reason: `has no file below it that ends in ${SUFFIX}` }] };
}
