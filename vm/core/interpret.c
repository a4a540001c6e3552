/* The interpreter: runs one fiber until it waits or ends.
 *
 * The image is verified, so registers, constants and jumps need no checks here; what a reference points to
 * does. Registers are reached through pointers into the state block, which are void after anything that may
 * collect: such work stands between SAVE and LOAD. A failure set in C is raised in the fiber at `raise`. */
#include "vm/core/dispatch.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void FIBER_RUN(Vm *vm)
{
#if THREADED
    static const void *const labels[256] = {
#define OPCODE(id, mnemonic, a, b, c, imm, flow, doc) &&op_##id,
#include "vm/code/opcodes.def"
#undef OPCODE
    };
#endif
    const Image *image = vm->image;
    FiberObject *fiber = heap_object(vm, vm_state(vm)->current);
    const uint64_t *pc, *head; /* head: of the loop that was jumped to last */
    uint64_t word = 0;
    int64_t *S, result = 0;
    Ref *R, made = 0, error = 0;
    uint32_t at = 0;
    double real = 0;
    bool flag = false;
    Frame frame = {0};
    bool started = fiber->flags & FIBER_STARTED;
    if (fiber->flags & FIBER_RAISES) {
        fiber->flags &= (uint8_t)~FIBER_RAISES;
        error = fiber->error ? fiber->error : error_cancelled(vm, vm_state(vm)->current);
        fiber = heap_object(vm, vm_state(vm)->current);
        fiber->error = 0;
        if (started) goto unwind;
        fiber_end(vm, vm_state(vm)->current, error);
        return;
    }
    fiber->flags |= FIBER_STARTED;
    LOAD();
    NEXT;

#if !THREADED
dispatch:
    word = *pc++;
    NOTE(COVERED_RUN);
    switch ((Opcode)(word & 255)) {
    case OPCODE_COUNT_OF: return;
#endif

        OP(MOVE_S) SCALAR(S[B]);
        OP(MOVE_R)
        {
            R[A] = R[B];
            NEXT;
        }
        OP(INT) SCALAR(IMM);
        OP(SCALAR) SCALAR(image->scalars[IMM]);
        OP(STRING)
        {
            R[A] = REF_CONSTANT | (Ref)IMM;
            NEXT;
        }
        OP(NONE)
        {
            R[A] = 0;
            NEXT;
        }
        OP(JSON_NULL)
        {
            R[A] = REF_NULL;
            NEXT;
        }
        OP(GET_S) SCALAR(((RecordObject *)heap_object(vm, vm_state(vm)->globals))->scalars[IMM]);
        OP(GET_R)
        {
            R[A] = record_refs(heap_object(vm, vm_state(vm)->globals))[IMM];
            NEXT;
        }
        OP(SET_S)
        {
            ((RecordObject *)heap_object(vm, vm_state(vm)->globals))->scalars[IMM] = S[A];
            NEXT;
        }
        OP(SET_R)
        {
            record_refs(heap_object(vm, vm_state(vm)->globals))[IMM] = R[A];
            NEXT;
        }
        OP(NOW) SCALAR(vm_state(vm)->now);

        OP(ADD) ARITHMETIC(add, "+");
        OP(SUB) ARITHMETIC(sub, "-");
        OP(MUL) ARITHMETIC(mul, "*");
        OP(DIV)
        {
            if (!S[C]) goto divided_by_zero;
            if (S[C] == -1) {
                if (S[B] == INT64_MIN) {
                    overflow_raise(vm, S[B], "/", S[C]);
                    goto unsaved;
                }
                SCALAR(-S[B]);
            }
            SCALAR(S[B] / S[C]);
        }
        OP(MOD)
        {
            if (!S[C]) goto divided_by_zero;
            if (S[C] == -1) SCALAR(0);
            SCALAR(S[B] % S[C]);
        }
        OP(ADD_I) ARITHMETIC_I(add, "+");
        OP(MUL_I) ARITHMETIC_I(mul, "*");
        OP(DIV_I)
        {
            if (!IMM) goto divided_by_zero;
            if (IMM == -1 && S[B] == INT64_MIN) {
                overflow_raise(vm, S[B], "/", IMM);
                goto unsaved;
            }
            SCALAR(S[B] / IMM);
        }
        OP(MOD_I)
        {
            if (!IMM) goto divided_by_zero;
            SCALAR(IMM == -1 ? 0 : S[B] % IMM);
        }
        OP(NEG)
        {
            if (S[B] == INT64_MIN) {
                overflow_raise(vm, 0, "-", S[B]);
                goto unsaved;
            }
            SCALAR(-S[B]);
        }
        OP(NOT) SCALAR(!S[B]);
        OP(EQ) SCALAR(S[B] == S[C]);
        OP(NE) SCALAR(S[B] != S[C]);
        OP(LT) SCALAR(S[B] < S[C]);
        OP(LE) SCALAR(S[B] <= S[C]);
        OP(EQ_I) SCALAR(S[B] == IMM);
        OP(LT_I) SCALAR(S[B] < IMM);
        OP(GT_I) SCALAR(S[B] > IMM);

        OP(ADD_F) FLOATING(REAL(B) + REAL(C));
        OP(SUB_F) FLOATING(REAL(B) - REAL(C));
        OP(MUL_F) FLOATING(REAL(B) * REAL(C));
        OP(DIV_F)
        {
            real = REAL(B);
            if (REAL(C) == 0) goto real_divided_by_zero;
            FLOATING(real / REAL(C));
        }
        OP(FLOATS)
        {
            uint32_t plan = (uint32_t)IMM;
            real = REAL(B);
            switch (floats_operation(plan, FLOATS_FIRST)) {
            case 0: real += REAL(C); break;
            case 1: real -= REAL(C); break;
            case 2: real *= REAL(C); break;
            default:
                if (REAL(C) == 0) goto real_divided_by_zero;
                real /= REAL(C);
                break;
            }
            if (!isfinite(real)) goto infinite;
            FURTHER(floats_operation(plan, FLOATS_SECOND), REAL(floats_operand(plan, FLOATS_SECOND)));
            FURTHER(floats_operation(plan, FLOATS_THIRD), REAL(floats_operand(plan, FLOATS_THIRD)));
            SCALAR(bits_of_real(real));
        }
        OP(NEG_F) SCALAR(bits_of_real(-REAL(B)));
        OP(EQ_F) SCALAR(REAL(B) == REAL(C));
        OP(LT_F) SCALAR(REAL(B) < REAL(C));
        OP(LE_F) SCALAR(REAL(B) <= REAL(C));
        OP(TO_FLOAT) SCALAR(bits_of_real((double)S[B]));
        OP(TO_INT)
        {
            real = trunc(REAL(B));
            if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0)) {
                vm_raise(vm, FAILURE_RUN, "%g is too large for an int", real);
                goto unsaved;
            }
            SCALAR((int64_t)real);
        }

        OP(JUMP) JUMP();
        OP(IF) JUMP_IF(S[A]);
        OP(UNLESS) JUMP_IF(!S[A]);
        OP(IF_EQ) JUMP_IF(S[A] == S[B]);
        OP(IF_NE) JUMP_IF(S[A] != S[B]);
        OP(IF_LT) JUMP_IF(S[A] < S[B]);
        OP(IF_LE) JUMP_IF(S[A] <= S[B]);
        OP(IF_EQ_I) JUMP_IF(S[A] == instruction_short(word));
        OP(IF_NE_I) JUMP_IF(S[A] != instruction_short(word));
        OP(IF_LT_I) JUMP_IF(S[A] < instruction_short(word));
        OP(IF_GT_I) JUMP_IF(S[A] > instruction_short(word));
        OP(IF_NONE) JUMP_IF(!R[A]);
        OP(IF_SOME) JUMP_IF(R[A]);
        OP(COUNT)
        {
            result = (int64_t)((uint64_t)S[A] + 1);
            S[A] = result;
            if (result < S[B]) {
                BARRIER();
                JUMP_BACK();
            }
            NEXT;
        }

        OP(CALL)
        {
            const ImageFunction *fn = &image->functions[IMM];
            int64_t *s = S + A;
            Ref *r = R + B;
            if ((s + fn->scalars > frame.s_end) | (r + fn->refs > frame.r_end) |
                (frame.depth >= vm->limits.depth)) {
                WORK(stack_grow(vm, fn));
                pc--;
                NEXT;
            }
            if (--vm->budget == 0) goto budget;
            s[-1] = (int64_t)frame_way_back((uint32_t)(pc - image->code), A, B);
            if (fn->refs > fn->param_refs) {
                memset(r + fn->param_refs, 0, (size_t)(fn->refs - fn->param_refs) * sizeof *r);
            }
            S = s;
            R = r;
            frame.depth++;
            pc = image->code + fn->code;
            NEXT;
        }
        OP(CALL_CLOSURE)
        {
            int64_t *s = S + A;
            Ref *r = R + B;
            Ref closure = R[C];
            const ImageFunction *fn = closure_enter(vm, closure, (uint32_t)IMM, s, r, &frame);
            if (!fn) goto unsaved;
            if ((s + fn->scalars > frame.s_end) | (r + fn->refs > frame.r_end) |
                (frame.depth >= vm->limits.depth)) {
                WORK(stack_grow(vm, fn));
                pc--;
                NEXT;
            }
            if (--vm->budget == 0) goto budget;
            s[-1] = (int64_t)frame_way_back((uint32_t)(pc - image->code), A, B);
            if (fn->refs > fn->param_refs) {
                memset(r + fn->param_refs, 0, (size_t)(fn->refs - fn->param_refs) * sizeof *r);
            }
            S = s;
            R = r;
            frame.depth++;
            pc = image->code + fn->code;
            NEXT;
        }
        OP(CLOSURE) MAKE(closure_new(vm, word));
        OP(RETURN_S)
        {
            S[0] = S[A];
            goto leave;
        }
        OP(RETURN_R)
        {
            R[0] = R[A];
            goto leave;
        }
        OP(RETURN)
    leave : {
        uint64_t back = (uint64_t)S[-1];
        if (back == FRAME_FIRST) {
            SAVE();
            fiber_end(vm, vm_state(vm)->current, 0);
            return;
        }
        pc = image->code + frame_caller(back);
        S -= frame_scalars(back);
        R -= frame_refs(back);
        frame.depth--;
        NEXT;
    }
        OP(BUILTIN)
        {
            WORK(builtin_call(vm, (BuiltinId)((uint32_t)IMM & UINT16_MAX), (uint32_t)IMM >> 16, A, B));
            NEXT;
        }

        OP(BOX) MAKE(box_new(vm, OBJECT_BOX, S[B]));
        OP(UNBOX)
        {
            if (heap_kind(vm, R[B]) != OBJECT_BOX) {
                vm_raise_kind(vm, "a value", R[B]);
                goto unsaved;
            }
            SCALAR(box_value(vm, R[B]));
        }
        OP(REQUIRE)
        {
            if (R[A]) NEXT;
            Str text = image_string(image, (uint32_t)IMM);
            vm_raise(vm, FAILURE_RUN, "%.*s", STR_ARG(text));
            goto unsaved;
        }
        OP(IS_SOME) SCALAR(R[B] != 0);
        OP(RECORD) MAKE(record_new(vm, word));
        OP(BLANK) MAKE(record_blank(vm, word));
        OP(FIELD_S)
        {
            const RecordObject *record = record_view(vm, R[B], (uint32_t)IMM, true);
            if (!record) goto unsaved;
            SCALAR(record->scalars[IMM]);
        }
        OP(FIELD_R)
        {
            const RecordObject *record = record_view(vm, R[B], (uint32_t)IMM, false);
            if (!record) goto unsaved;
            R[A] = record_refs_view(record)[IMM];
            NEXT;
        }
        OP(SHARE)
        {
            heap_share(vm, R[A]);
            NEXT;
        }
        OP(WITH_S) MAKE(record_with(vm, word, true));
        OP(WITH_R) MAKE(record_with(vm, word, false));
        OP(LIST_S) MAKE(list_make(vm, word, true));
        OP(LIST_R) MAKE(list_make(vm, word, false));
        OP(APPEND_S)
        {
            DataObject *data = C ? list_own_room(vm, R[A], OBJECT_LIST_S, &at) : NULL;
            if (!data) MAKE(list_add(vm, word, true));
            data->scalars[at] = S[B];
            NEXT;
        }
        OP(APPEND_R)
        {
            Ref part = R[B]; /* which may be the list itself */
            DataObject *data = C && part != R[A] ? list_own_room(vm, R[A], OBJECT_LIST_R, &at) : NULL;
            if (!data) MAKE(list_add(vm, word, false));
            data_refs(data)[at] = part;
            NEXT;
        }
        OP(PUT_AT_S)
        {
            ListObject *list = NULL;
            DataObject *data = IMM ? list_own_data(vm, R[A], OBJECT_LIST_S, &list) : NULL;
            if (!data || (uint64_t)S[B] >= list->header.len) MAKE(list_change(vm, word, true));
            data->scalars[list->start + S[B]] = S[C];
            NEXT;
        }
        OP(PUT_AT_R)
        {
            ListObject *list = NULL;
            DataObject *data = IMM && R[C] != R[A] ? list_own_data(vm, R[A], OBJECT_LIST_R, &list) : NULL;
            if (!data || (uint64_t)S[B] >= list->header.len) MAKE(list_change(vm, word, false));
            data_refs(data)[list->start + S[B]] = R[C];
            NEXT;
        }
        OP(LEN)
        {
            if (!list_is(vm, R[B]) && !map_is(vm, R[B])) {
                vm_raise_kind(vm, "a list or a map", R[B]);
                goto unsaved;
            }
            SCALAR(((const ObjectHeader *)heap_view(vm, R[B]))->len);
        }
        OP(AT_S)
        {
            if (heap_kind(vm, R[B]) != OBJECT_LIST_S) goto no_list;
            if ((uint64_t)S[C] >= list_len(vm, R[B])) goto no_element;
            SCALAR(list_scalars(vm, R[B])[S[C]]);
        }
        OP(AT_R)
        {
            if (heap_kind(vm, R[B]) != OBJECT_LIST_R) goto no_list;
            if ((uint64_t)S[C] >= list_len(vm, R[B])) goto no_element;
            R[A] = list_refs(vm, R[B])[S[C]];
            NEXT;
        }
        OP(AT_OR_S)
        {
            const ListObject *list = heap_view(vm, R[B]);
            if (list->header.kind != OBJECT_LIST_S) goto no_list;
            uint64_t number = (uint64_t)S[C];
            if (number < list->header.len) {
                BARRIER();
                const DataObject *data = heap_object(vm, list->data);
                SCALAR(data->scalars[list->start + number]);
            }
            SCALAR(IMM);
        }
        OP(IF_AT_S)
        {
            const ListObject *list = heap_view(vm, R[B]);
            if (list->header.kind != OBJECT_LIST_S) goto no_list;
            uint64_t number = (uint64_t)S[C];
            if (number < list->header.len) {
                const DataObject *data = heap_object(vm, list->data);
                S[A] = data->scalars[list->start + number];
                JUMP();
            }
            SCALAR(0);
        }
        OP(IF_AT_R)
        {
            const ListObject *list = heap_view(vm, R[B]);
            if (list->header.kind != OBJECT_LIST_R) goto no_list;
            uint64_t number = (uint64_t)S[C];
            if (number < list->header.len) {
                R[A] = data_refs(heap_object(vm, list->data))[list->start + number];
                JUMP();
            }
            R[A] = 0;
            NEXT;
        }
        OP(KEY_OR_S)
        {
            const MapEntryObject *entry = map_look(vm, R[B], OBJECT_MAP_S, R[C]);
            if (entry) SCALAR(entry->value);
            if (vm->failure.set) goto unsaved;
            SCALAR(IMM);
        }
        OP(IF_KEY_S)
        {
            const MapEntryObject *entry = map_look(vm, R[B], OBJECT_MAP_S, R[C]);
            if (entry) {
                S[A] = entry->value;
                JUMP();
            }
            if (vm->failure.set) goto unsaved;
            SCALAR(0);
        }
        OP(IF_KEY_R)
        {
            const MapEntryObject *entry = map_look(vm, R[B], OBJECT_MAP_R, R[C]);
            if (entry) {
                R[A] = (Ref)entry->value;
                JUMP();
            }
            if (vm->failure.set) goto unsaved;
            R[A] = 0;
            NEXT;
        }
        OP(MAP_S) MAKE(map_make(vm, word, OBJECT_MAP_S));
        OP(MAP_R) MAKE(map_make(vm, word, OBJECT_MAP_R));
        OP(PUT_S) MAKE(map_add(vm, word, true));
        OP(PUT_R) MAKE(map_add(vm, word, false));
        OP(CONCAT) MAKE(concat_make(vm, word));
        OP(TEXT) MAKE(text_make(vm, word));
        OP(COMPARE)
        {
            if (!text_check(vm, R[B]) || !text_check(vm, R[C])) goto unsaved;
            heap_charge(vm, text_view(vm, R[B]).len);
            result = str_compare(text_view(vm, R[B]), text_view(vm, R[C]));
            SCALAR((result > 0) - (result < 0));
        }
        OP(EQUAL)
        {
            if (!values_equal(vm, R[B], R[C], (uint32_t)IMM, &flag)) goto unsaved;
            SCALAR(flag);
        }
        OP(TO_JSON_S) MAKE(json_of_value(vm, S[B], 0, (uint32_t)IMM));
        OP(TO_JSON_R) MAKE(json_of_value(vm, 0, R[B], (uint32_t)IMM));
        OP(FROM_JSON_S)
        {
            WORK(value_from_json(vm, word, &result, &made));
            SCALAR(result);
        }
        OP(FROM_JSON_R)
        {
            WORK(value_from_json(vm, word, &result, &made));
            R[A] = made;
            NEXT;
        }
        OP(TRY_JSON)
        {
            WORK(value_try_json(vm, word, &made));
            R[A] = made;
            NEXT;
        }

        OP(FAIL)
        {
            if (!text_check(vm, R[A])) goto unsaved;
            Str text = text_view(vm, R[A]);
            vm_raise(vm, FAILURE_REASON, "%.*s", (int)text_clip(text, 4096), text.data);
            goto unsaved;
        }
        OP(RAISE)
        {
            SAVE();
            error = error_again(vm, R[A]);
            if (!error) goto raise;
            goto unwind;
        }

        OP(SPAWN)
        {
            if (--vm->budget == 0) goto budget;
            WORK((made = fiber_spawn(vm, word, false)) != 0);
            R[B] = made;
            NEXT;
        }
        OP(SPAWN_DETACHED)
        {
            if (--vm->budget == 0) goto budget;
            WORK((made = fiber_spawn(vm, word, true)) != 0);
            R[B] = made;
            NEXT;
        }
        OP(JOIN) flag = false;
        goto join;
        OP(JOIN_QUIET) flag = true;
    join : {
        bool waits = false;
        error = 0;
        SAVE();
        if (!fiber_join(vm, vm_state(vm)->current, R[B], A, flag, &waits, &error)) {
            if (error) goto unwind;
            goto raise;
        }
        if (waits) return;
        NEXT;
    }
        OP(CANCEL)
        {
            if (!R[A]) NEXT;
            SAVE();
            if (heap_kind(vm, R[A]) != OBJECT_FIBER) {
                vm_raise_kind(vm, "a fiber", R[A]);
                goto raise;
            }
            if (!fiber_cancel(vm, R[A])) NEXT;
            fiber = heap_object(vm, vm_state(vm)->current);
            fiber->flags &= (uint8_t)~FIBER_RAISES;
            error = error_cancelled(vm, vm_state(vm)->current);
            goto unwind;
        }
        OP(WAIT)
        {
            SAVE();
            fiber_wait(vm, vm_state(vm)->current, S[B], (uint64_t)S[C], A);
            return;
        }
        OP(NOTIFY)
        {
            fibers_notify(vm, (uint64_t)S[A]);
            NEXT;
        }
        OP(SIGNAL)
        {
            SAVE();
            made = signal_take(vm);
            if (vm->failure.set) goto raise;
            LOAD();
            R[A] = made;
            NEXT;
        }
        OP(EFFECT)
        {
            SAVE();
            if (!effect_begin(vm, word)) goto raise;
            return;
        }
        OP(EMIT)
        {
            WORK(output_mark(vm, vm_state(vm)->current, (uint32_t)IMM, S + B, R + C)); /* which moves nothing */
            NEXT;
        }
        OP(STEP)
        {
            if (!text_check(vm, R[A])) goto unsaved;
            ((FiberObject *)heap_object(vm, vm_state(vm)->current))->step = R[A];
            NEXT;
        }
#if !THREADED
    }
#endif

divided_by_zero:
    vm_raise(vm, FAILURE_RUN, "%" PRId64 " / 0 is a division by zero", S[B]);
    goto unsaved;
real_divided_by_zero:
    vm_raise(vm, FAILURE_RUN, "%g / 0 is a division by zero", real);
    goto unsaved;
infinite:
    infinite_raise(vm, real);
    goto unsaved;
no_list:
    vm_raise_kind(vm, "a list", R[B]);
    goto unsaved;
no_element:
    vm_raise(vm, FAILURE_RUN, "there is no element %" PRId64 " in a list of %u", S[C],
             (unsigned)list_len(vm, R[B]));
    goto unsaved;
budget:
    SAVE();
    budget_exceeded(vm);
    goto raise;
unsaved:
    SAVE();
raise:
    error = error_take(vm, vm_state(vm)->current);
unwind:
    if (--vm->budget == 0) {
        budget_exceeded(vm);
        error = error_take(vm, vm_state(vm)->current);
    }
    if (!fiber_unwind(vm, error)) return;
    LOAD();
    NEXT;
}
