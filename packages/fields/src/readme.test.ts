import { testReadmeRecipes } from '../../../testing/readme-recipes.ts';

testReadmeRecipes(import.meta.dirname);
