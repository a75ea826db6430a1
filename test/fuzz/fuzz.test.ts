import { fuzz } from './fuzz.ts'

fuzz('short')
