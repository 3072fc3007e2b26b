import type { EncryptedTable } from '../../table.ts';
import { type Doc, type DocumentNames, unsupportedKey } from './document-names.ts';

/**
 * Refuses an aggregation that needs an encrypted field anywhere but in `$match`: all else needs plain text, or takes
 * sealed values to where they cannot be opened.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export function refusePipeline(pipeline: readonly Doc[], table: EncryptedTable, names: DocumentNames): void {
  // After these, documents are others, and a key is not the field of the same name.
  const isReshaped = (stage: Doc) =>
    '$group' in stage || '$project' in stage || '$replaceRoot' in stage || '$replaceWith' in stage;
  let wasReshaped = false;
  for (const stage of pipeline) {
    const isMatch = '$match' in stage && !wasReshaped;
    if (!isMatch && names.mentions(stage)) {
      const [name = 'stage'] = Object.keys(stage);
      throw unsupportedKey(table, name, 'names an encrypted field: only $match before $group and $project can');
    }
    if ('$facet' in stage && !wasReshaped && !Object.values(stage.$facet as Doc).every(countsOnly)) {
      throw unsupportedKey(table, '$facet', 'would give sealed documents inside of another: ask for them on their own');
    }
    wasReshaped ||= isReshaped(stage);
  }
}

/** Whether nothing of a document itself comes out of a part of a `$facet`. */
function countsOnly(pipeline: unknown): boolean {
  const counts = ['$count', '$group', '$sortByCount', '$bucket', '$bucketAuto'];
  return Array.isArray(pipeline) && (pipeline as Doc[]).some((stage) => counts.some((name) => name in stage));
}
