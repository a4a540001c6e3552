/* The world of a drill: a virtual clock, effects answered by the drill's lines, people who do what the lines
 * say.
 *
 * In: a script; requests and marks from vm/run.c. Out: events for it. It
 * opens nothing but the files that `gives file` names, and never asks the real clock. vm/drill/runner.c makes
 * it. */
#ifndef PLAN_DRILL_WORLD_H
#define PLAN_DRILL_WORLD_H

#include "vm/drill/script.h"
#include "vm/world.h"

/* The script must outlive the world and is used up by it. Free it with world->close. */
World *drill_open(Script *script);

/* Why the drill cannot go on (something that no line answers, with the line to add); empty: nothing is wrong.
 */
Str drill_trouble(const World *world);

/* After WORLD_INTERRUPT: time passes while no process runs, and what only the process knew is lost. Results
 * of changing commands are not, their keeper lives on. */
void drill_resume(World *world);

#endif
