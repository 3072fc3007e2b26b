import { Op, Utils } from 'sequelize';
import { unsupported } from '../../table-cipher.ts';
import { columnMention } from '../column-mention.ts';
import type { AnyModel, EncryptedModel, EncryptedModels } from './models.ts';

/** A model in a query, by the alias that it has there. */
export interface Source {
  readonly model: EncryptedModel;
  readonly alias: string;
}

/** Refuses what names an encrypted column outside of a condition on it. */
export interface RawSqlGuard {
  /** `fn`, `col`, `literal` and their like, at any depth of a value. @throws FieldsError ERR_UNSUPPORTED_QUERY */
  refuseIn(value: unknown): void;
  /** A name whose table is not to be told. @throws FieldsError ERR_UNSUPPORTED_QUERY */
  refuseName(name: string): void;
  /** A name with a path and without `$`. @throws FieldsError ERR_UNSUPPORTED_QUERY */
  refuseJoined(path: string): void;
  /** The `order` or `group` of a query. @throws FieldsError ERR_UNSUPPORTED_QUERY */
  refuseInOrder(order: unknown, model: AnyModel): void;
}

export function rawSqlGuard(models: EncryptedModels, sources: readonly Source[]): RawSqlGuard {
  const refuse = ({ table }: EncryptedModel, name: string) =>
    unsupported(table, name, 'is encrypted: the database cannot sort, group, compute or compare it in SQL of your own');

  function refuseInText(text: string): void {
    for (const { model, alias } of sources) {
      const found = columnMention(alias, model.names).exec(text);
      if (found) throw refuse(model, found[1] ?? found[2] ?? '*');
    }
  }

  function refuseIn(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) value.forEach(refuseIn);
    else if (isSequelizeMethod(value)) refuseInMethod(value);
    if (Object.getPrototypeOf(value) !== Object.prototype) return;
    for (const key of Reflect.ownKeys(value)) {
      const member = (value as Record<PropertyKey, unknown>)[key];
      if (key === Op.col && typeof member === 'string') refuseInText(member);
      refuseIn(member);
    }
  }

  function refuseInMethod(method: SequelizeMethod): void {
    for (const name of ['col', 'val', 'attribute', 'path', 'conditions'] as const) {
      for (const part of [method[name]].flat()) {
        // A path into JSON begins with a column, and goes on with what are none.
        if (typeof part === 'string') refuseInText(name === 'path' ? part.split('.', 1)[0]! : part);
        else if (isAttribute(part)) refuseInText(part.field);
        else refuseIn(part);
      }
    }
    if (method.conditions && !isSequelizeMethod(method.conditions))
      Object.keys(method.conditions).forEach(refuseInText);
    refuseIn(method.args);
    refuseIn(method.logic);
  }

  function refuseInOrder(order: unknown, model: AnyModel): void {
    for (const item of [order].flat() as unknown[]) {
      let current = model;
      for (const part of [item].flat() as unknown[]) {
        const next = typeof part === 'string' ? current.associations[part]?.target : modelOf(part);
        const entity = models.find(current);
        if (next) current = next;
        else if (typeof part !== 'string') refuseIn(part);
        else if (entity?.names.has(lastName(part))) throw refuse(entity, lastName(part));
        else if (part.includes('.')) refuseInText(part);
      }
    }
  }

  function refuseName(name: string): void {
    const part = name.split(':', 1)[0]!;
    const found = sources.find(({ model }) => model.names.has(lastName(part)));
    if (found) throw refuse(found.model, lastName(part));
  }

  function refuseJoined(path: string): void {
    const at = path.lastIndexOf('.');
    const alias = path.slice(0, Math.max(at, 0)).replaceAll('.', '->');
    if (sources.some((source) => source.alias === alias)) refuseName(path);
  }

  return { refuseIn, refuseName, refuseJoined, refuseInOrder };
}

/** Sequelize's `fn`, `col`, `cast`, `literal`, `json` and `where`: each has some of these. */
interface SequelizeMethod {
  readonly col?: unknown;
  readonly val?: unknown;
  readonly args?: unknown;
  readonly attribute?: unknown;
  readonly logic?: unknown;
  readonly path?: unknown;
  readonly conditions?: object;
}

export function isSequelizeMethod(value: unknown): value is SequelizeMethod {
  return value instanceof Utils.SequelizeMethod;
}

/** `Person.rawAttributes.email` */
function isAttribute(value: unknown): value is { readonly field: string } {
  return typeof value === 'object' && value !== null && 'fieldName' in value && 'field' in value;
}

/** `Person`, `{ model: Person, as: 'author' }` or an association. */
function modelOf(part: unknown): AnyModel | undefined {
  if (typeof part === 'function' && 'getAttributes' in part) return part as AnyModel;
  if (typeof part !== 'object' || part === null) return undefined;
  const { model, target } = part as { readonly model?: AnyModel; readonly target?: AnyModel };
  return model ?? target;
}

/** The name of a column in small letters, without what it is quoted in or comes after. */
export function lastName(path: string): string {
  return path
    .slice(path.lastIndexOf('.') + 1)
    .replace(/[^\w$]/g, '')
    .toLowerCase();
}
